package io.firn.catalog.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.TablePropertyRules.Hint;
import io.firn.catalog.schema.TablePropertyRules.Treatment;
import io.firn.catalog.upsert.UpsertKeys;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TablePropertyRulesTest {
    private static final String KEYED = UpsertKeys.KEY;
    private static final long TARGET = 128L << 20;

    private final InMemoryCatalog catalog = new InMemoryCatalog();

    private Table table(Map<String, String> properties) {
        catalog.initialize("memory", Map.of());
        catalog.createNamespace(Namespace.of("shop"));
        return catalog.createTable(
                TableIdentifier.of("shop", "orders"),
                SchemaText.parse("id long not null, amount double"),
                PartitionSpec.unpartitioned(),
                properties);
    }

    private Table table(String property, String value, String also) {
        Map<String, String> properties = new TreeMap<>(Map.of(property, value));
        if (also.equals("keyed")) {
            properties.put(KEYED, "id");
            properties.put(TableProperties.FORMAT_VERSION, "2");
        } else if (also.equals("keyed 3")) {
            properties.put(KEYED, "id");
            properties.put(TableProperties.FORMAT_VERSION, "3");
        }
        return table(properties);
    }

    /** A version of Iceberg that brings a further property brings a decision with it. */
    @Test
    void everyPropertyThatIcebergDefinesHasARule() throws IllegalAccessException {
        List<String> without = new ArrayList<>();
        int seen = 0;
        for (Field field : TableProperties.class.getFields()) {
            boolean isName = Modifier.isStatic(field.getModifiers())
                    && field.getType() == String.class
                    && String.valueOf(field.get(null)).matches("[a-z0-9.-]*\\.[a-z0-9.-]*");
            if (isName) {
                seen++;
                String property = String.valueOf(field.get(null));
                if (TablePropertyRules.treatment(property).isEmpty()) {
                    without.add(property);
                }
            }
        }
        assertThat(without).isEmpty();
        assertThat(seen).isGreaterThan(100);
        assertThat(TablePropertyRules.treatment("shop.team")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "write.format.default, orc, append, Firn writes Parquet alone",
        "write.format.default, avro, keyed, Firn writes Parquet alone",
        "write.format.default, PARQUET, append,",
        "write.delete.format.default, avro, keyed, Firn writes Parquet alone",
        "write.delete.format.default, avro, append,",
        "write.delete.format.default, avro, keyed 3,",
        "encryption.key-id, payments, keyed 3, does not encrypt",
        "write.parquet.compression-codec, brotli, append, 'uncompressed, snappy, gzip, zstd, lz4 or lz4_raw'",
        "write.parquet.compression-codec, ZSTD, append,",
        "write.parquet.compression-codec, gzip, append,",
        "write.delete.parquet.compression-codec, lzo, keyed, Firn compresses",
        "write.parquet.page-size-bytes, 1 MB, append, a whole number above 0",
        "write.parquet.page-row-limit, 0, append, a whole number above 0",
        "write.parquet.row-group-size-bytes, 134217728, append,",
        "write.parquet.row-group-size-bytes, 5000000000, append, up to 2147483647",
        "commit.manifest.target-size-bytes, large, append, a whole number above 0",
        "write.parquet.bloom-filter-enabled.column.id, true, append,",
        "write.object-storage.enabled, true, append,",
        "shop.team, any, append,"
    })
    void valuesThatCannotBeFollowedAreRefused(String property, String value, String table, String why) {
        assertThat(TablePropertyRules.refusal(table(property, value, table), "shop.orders")
                        .map(refusal -> refusal.code() + " " + refusal.getMessage())
                        .orElse(""))
                .satisfies(message -> {
                    if (why == null) {
                        assertThat(message).isEmpty();
                    } else {
                        assertThat(message)
                                .contains("table-property-unsupported", property + " = '" + value + "'", why)
                                .contains("table shop.orders", "change or remove the property");
                    }
                });
    }

    @Test
    void refusalIsOfThePersonsKind() {
        assertThat(TablePropertyRules.refusal(table("write.format.default", "orc", ""), "shop.orders"))
                .map(FirnException::kind)
                .hasValue(FirnException.Kind.USER);
    }

    @ParameterizedTest
    @CsvSource({
        "write.target-file-size-bytes, 1000, append, commit.target-file-size",
        "write.target-file-size-bytes, 134217728, append,",
        "write.wap.enabled, true, append, visible as soon as they are committed",
        "write.wap.enabled, false, append,",
        "commit.retry.num-retries, 50, append, until they are decided",
        "commit.manifest-merge.enabled, true, append, its job for manifests",
        "history.expire.max-snapshot-age-ms, 1, append, maintenance.snapshots-keep",
        "write.delete.granularity, partition, keyed, a file of their own",
        "write.delete.granularity, partition, append,",
        "write.distribution-mode, range, append,",
        "write.metadata.previous-versions-max, 7, append,"
    })
    void propertiesWithoutEffectAreTold(String property, String value, String table, String why) {
        List<Hint> hints = TablePropertyRules.hints(table(property, value, table), TARGET);
        if (why == null) {
            assertThat(hints).isEmpty();
        } else {
            assertThat(hints).singleElement().satisfies(hint -> assertThat(hint.what())
                    .contains(property + " = '" + value + "'", "has no effect on Firn", why));
        }
    }

    @Test
    void sortOrderIsTold() {
        Table table = table(Map.of());
        assertThat(TablePropertyRules.hints(table, TARGET)).isEmpty();
        table.replaceSortOrder().desc("amount").asc("id").commit();
        assertThat(TablePropertyRules.hints(table, TARGET)).singleElement().satisfies(hint -> assertThat(hint.what())
                .contains("(amount desc, id asc)", "written unsorted"));
    }

    @Test
    void whatBecomesOfAPropertyIsDecidedByTheNearestRule() {
        assertThat(TablePropertyRules.treatment("write.parquet.bloom-filter-fpp.column.id"))
                .hasValue(Treatment.FOLLOWED);
        assertThat(TablePropertyRules.treatment("write.delete.orc.block-size-bytes"))
                .hasValue(Treatment.OF_OTHERS);
    }
}
