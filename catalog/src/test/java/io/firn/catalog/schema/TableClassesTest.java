package io.firn.catalog.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.io.LocationProvider;
import org.apache.iceberg.io.OutputFileFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TableClassesTest {
    private static final String PROPERTY = TableProperties.WRITE_LOCATION_PROVIDER_IMPL;
    private static final String CLASS = Planted.class.getName();
    private static final TableIdentifier ORDERS = TableIdentifier.of("shop", "orders");

    /** What somebody who may alter the table would like to have run. */
    public static final class Planted implements LocationProvider {
        private static final AtomicInteger BUILT = new AtomicInteger();

        public Planted() {
            BUILT.incrementAndGet();
        }

        @Override
        public String newDataLocation(String filename) {
            return "memory://planted/" + filename;
        }

        @Override
        public String newDataLocation(PartitionSpec spec, StructLike partition, String filename) {
            return newDataLocation(filename);
        }
    }

    private final InMemoryCatalog catalog = new InMemoryCatalog();

    @BeforeEach
    void createTable() {
        Planted.BUILT.set(0);
        catalog.initialize("memory", Map.of());
        catalog.createNamespace(Namespace.of("shop"));
        new Tables(catalog).openOrCreate(TableRequest.of("shop.orders", SchemaText.parse("id long")));
    }

    private Table altered() {
        catalog.loadTable(ORDERS).updateProperties().set(PROPERTY, CLASS).commit();
        return catalog.loadTable(ORDERS);
    }

    @Test
    void noPipelineStartsOnATableThatNamesAClassAndNothingOfItIsLoaded() {
        altered();

        assertThatThrownBy(() ->
                        new Tables(catalog).openOrCreate(TableRequest.of("shop.orders", SchemaText.parse("id long"))))
                .isInstanceOfSatisfying(FirnException.class, refusal -> {
                    assertThat(refusal.code()).isEqualTo("table-class-refused");
                    assertThat(refusal.kind()).isEqualTo(FirnException.Kind.USER);
                    assertThat(refusal.what()).contains(PROPERTY);
                    assertThat(refusal.where()).isEqualTo("table shop.orders");
                    assertThat(refusal.action()).contains("table-classes");
                });
        assertThat(Planted.BUILT).hasValue(0);
    }

    @Test
    void aTableThatIsOpenAlreadyLoadsNoClassThatIsNamedLater() {
        Table open = new Tables(catalog).open("shop.orders").orElseThrow();
        altered();
        open.refresh();

        assertThat(TablePropertyRules.refusal(open, "shop.orders")).isPresent();
        assertThatThrownBy(() -> OutputFileFactory.builderFor(open, 0, 0)
                        .format(FileFormat.PARQUET)
                        .build()
                        .newOutputFile())
                .isInstanceOf(FirnException.class)
                .hasMessageContaining(PROPERTY);
        assertThatThrownBy(() -> open.newTransaction().table().locationProvider())
                .isInstanceOf(FirnException.class);
        assertThat(Planted.BUILT).hasValue(0);
    }

    @Test
    void aClassThatTheConfigurationNamesIsLoaded() {
        altered();
        Table open = new Tables(catalog, new TableClasses(Set.of(CLASS)))
                .openOrCreate(TableRequest.of("shop.orders", SchemaText.parse("id long")));

        assertThat(open.locationProvider().newDataLocation("a")).isEqualTo("memory://planted/a");
        assertThat(Planted.BUILT).hasValue(1);
    }

    @Test
    void aTableWithSuchAPropertyCanStillBeRead() {
        altered();
        Table open = new Tables(catalog).open("shop.orders").orElseThrow();

        assertThat(open.newScan().planFiles()).isEmpty();
        assertThat(Planted.BUILT).hasValue(0);
    }

    /** Also those that today are read from a catalog's properties alone. */
    @Test
    void eachPropertyOfIcebergThatNamesAClassIsKnown() throws IllegalAccessException {
        List<String> names = new ArrayList<>();
        for (Class<?> constants : List.of(TableProperties.class, CatalogProperties.class)) {
            for (Field field : constants.getFields()) {
                if (field.getType() == String.class && field.getName().endsWith("_IMPL")) {
                    names.add((String) field.get(null));
                }
            }
        }
        assertThat(names)
                .contains(PROPERTY, "io-impl", "catalog-impl", "metrics-reporter-impl", "lock-impl")
                .allMatch(name -> TableClasses.namesClass(name, "com.example.Planted"));
    }

    @ParameterizedTest
    @CsvSource({
        "write.location-provider.impl, Planted, true",
        "io-impl, com.example.Planted, true",
        "encryption.kms-impl, com.example.Planted, true",
        "parquet.crypto.factory.class, com.example.Planted, true",
        "client.credentials-provider, com.example.Planted, true",
        "io.compression.codecs, 'com.example.Planted,com.example.Other', true",
        "metric.reporters, com.example.Planted, true",
        "owner.class, gold, false",
        "write.parquet.compression-codec, zstd, false",
        "write.data.path, s3://lake/shop.orders, false",
        "comment, com.example.Planted, false",
    })
    void aPropertyNamesAClassByItsNameAndValue(String property, String value, boolean expected) {
        assertThat(TableClasses.namesClass(property, value)).isEqualTo(expected);
    }
}
