package io.firn.catalog.location;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class StorePathTest {
    @ParameterizedTest
    @CsvSource({
        "s3a://lake/shop/orders/f, s3://lake/shop/orders",
        "s3n://lake/shop//orders/f, s3://lake/shop/orders/",
        "file:/w/t/f, file:///w/t",
        "/w/t/f, file:///w/t",
        "file://localhost/w/t/f, /w/t",
        "abfss://c@a.dfs.core.windows.net/t/f, wasbs://c@a.blob.core.windows.net/t",
        "s3://lake/day=12:30/f, s3://lake/day=12:30",
        "/day=12:30/f, /day=12:30",
    })
    void spellingsOfTheSameStoreAreEqual(String file, String directory) {
        assertThat(StorePath.parse(file).isBelow(StorePath.parse(directory))).isTrue();
        assertThat(StorePath.parse(file).overlaps(StorePath.parse(directory))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "s3://lake/shop/orders_staging/f, s3://lake/shop/orders",
        "s3://lake/shop/orders, s3://lake/shop/orders",
        "s3://other/shop/orders/f, s3://lake/shop/orders",
        "gs://lake/shop/orders/f, s3://lake/shop/orders",
        "s3://lake/shop/orders/../customers/f, s3://lake/shop/orders",
        "s3://lake/shop/orders/%2e%2e/customers/f, s3://lake/shop/orders",
        "s3://lake/shop/orders/%252E%252e/customers/f, s3://lake/shop/orders",
        "s3://lake/shop/orders/./f, s3://lake/shop/orders",
        "s3://lake/shop/orders/a%2F..%2F..%2Ff, s3://lake/shop/orders",
        "s3://lake/shop/customers/f, s3://lake/shop/orders/../customers",
    })
    void nothingElseIsProvedToBeBelow(String file, String directory) {
        assertThat(StorePath.parse(file).isBelow(StorePath.parse(directory))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "s3://lake/shop/orders/../customers/data, s3://lake/shop/customers",
        "s3://lake/shop/orders/%2e%2e/customers, s3://lake/shop/customers/data",
        "file:/a/b/../../c, /c/d",
        "hdfs:///w/t, hdfs://name:8020/w/t/data",
        "s3://lake/sho%70/orders, s3a://lake/shop/orders",
        "s3://lake, s3://lake/shop",
    })
    void whateverCouldOverlapIsSuspectedToOverlap(String one, String other) {
        assertThat(StorePath.parse(one).overlaps(StorePath.parse(other))).isTrue();
        assertThat(StorePath.parse(other).overlaps(StorePath.parse(one))).isTrue();
    }

    @Test
    void neighboursDoNotOverlap() {
        assertThat(StorePath.parse("s3://lake/shop/orders").overlaps(StorePath.parse("s3://lake/shop/orders-1")))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3://lake", "s3://lake/", "file:///", "/", "file:/a/..", "s3://lake/a/%2e%2e"})
    void aWholeStoreIsARoot(String location) {
        assertThat(StorePath.parse(location).isRoot()).isTrue();
    }
}
