package io.firn.catalog.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocationPolicyTest {
    private static final LocationPolicy STORE =
            LocationPolicy.of(Optional.of("s3://lake/warehouse/"), List.of("s3://partners/firn", "gs://other/x/"));
    private static final LocationPolicy FILES = LocationPolicy.of(Optional.of("/data/lake"), List.of());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3://lake/warehouse/shop/orders",
                "s3a://lake/warehouse/shop/orders/",
                "s3://lake/warehouse/shop//orders",
                "s3://partners/firn",
                "s3://partners/firn/t/metadata/00001.metadata.json",
                "gs://other/x/y"
            })
    void locationsBelowTheWarehouseAndWhatIsAddedAreAllowed(String location) {
        assertThat(STORE.allows(location)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "s3://lake/warehouse",
                "s3://lake/warehouse/",
                "s3://lake/warehouse-2/t",
                "s3://lake",
                "s3://lake//warehouse/t",
                "s3://lake/warehouse/../t",
                "s3://lake/warehouse/./t",
                "s3://lake/warehouse/%2e%2e/t",
                "s3://lake/warehouse/%252e%252e/t",
                "s3://lake/warehouse/..%2ft",
                "s3://lake/warehouse/t\nforged",
                "s3://Lake2/warehouse/t",
                "s3://partners/firn2",
                "gs://lake/warehouse/t",
                "/lake/warehouse/t",
                "file:/etc/passwd",
                "http://lake/warehouse/t",
                "HTTPS://lake/warehouse/t",
                "har://s3-lake/warehouse/t",
                "viewfs://lake/warehouse/t",
                "t"
            })
    void otherLocationsAreRefused(String location) {
        assertThat(STORE.allows(location)).isFalse();
        assertThatThrownBy(() -> STORE.require("the location", location))
                .isInstanceOfSatisfying(FirnException.class, refused -> {
                    assertThat(refused.code()).isEqualTo(LocationPolicy.REFUSED);
                    assertThat(refused.action()).contains("http.iceberg-locations");
                });
    }

    @Test
    void filesAreAllowedOnlyIfTheWarehouseIsOne() {
        assertThat(FILES.allows("file:///data/lake/t")).isTrue();
        assertThat(FILES.allows("/data/lake/t")).isTrue();
        assertThat(FILES.allows("/data/lakes/t")).isFalse();
        assertThat(FILES.allows("/data/lake/../t")).isFalse();
        assertThat(FILES.allows("s3://data/lake/t")).isFalse();
    }

    @Test
    void aWarehouseThatIsANameAllowsNothing() {
        LocationPolicy named = LocationPolicy.of(Optional.of("prod"), List.of());
        assertThat(named.allows("prod/t")).isFalse();
        assertThat(LocationPolicy.of(Optional.of("arn:aws:s3tables:eu:1:bucket/b"), List.of())
                        .allows("arn:aws:s3tables:eu:1:bucket/b/t"))
                .isFalse();
    }

    @Test
    void anExistingTableKeepsItsDirectoriesUnlessTheyAreUrls() {
        LocationPolicy existing = STORE.with(List.of("s3://elsewhere/t", "http://internal/t", "s3://a/../b"));
        assertThat(existing.allows("s3://elsewhere/t/metadata/snap.avro")).isTrue();
        assertThat(existing.allows("s3://elsewhere/u")).isFalse();
        assertThat(existing.allows("http://internal/t/snap.avro")).isFalse();
        assertThat(existing.allows("s3://b/x")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://h/x", "viewfs://h/x", "lake", " ", "file:///", "/", "s3://a/../b"})
    void whatCannotBeARootIsNamed(String root) {
        assertThat(LocationPolicy.problem(root)).isPresent();
        assertThat(LocationPolicy.problem("s3://bucket")).isEmpty();
    }
}
