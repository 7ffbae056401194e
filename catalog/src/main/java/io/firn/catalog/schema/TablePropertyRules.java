package io.firn.catalog.schema;

import io.firn.catalog.FirnException;
import io.firn.catalog.upsert.UpsertKeys;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.TableUtil;

/**
 * What Firn does with each table property that Iceberg defines. A property is followed, by Firn or by the library that
 * Firn calls, or a value of it is refused, or a person is told that it has no effect on Firn, or it is about readers
 * and other engines alone.
 */
public final class TablePropertyRules {
    /** What becomes of a property. */
    enum Treatment {
        /** Values that cannot be followed are refused. */
        FOLLOWED,
        /** A person who set it is told. */
        WITHOUT_EFFECT,
        /** As {@link #WITHOUT_EFFECT}, but only of tables that merges write, where Firn writes delete files. */
        WITHOUT_EFFECT_ON_DELETES,
        /** It says nothing about what Firn does. */
        OF_OTHERS
    }

    /**
     * The rule for one property or, if the name ends with a dot, for all whose names begin so.
     *
     * @param accepted values that Firn can follow
     * @param why for {@link Treatment#FOLLOWED}: what is wrong with other values; for {@link Treatment#WITHOUT_EFFECT}:
     *     what is done instead
     */
    private record Rule(Treatment treatment, Predicate<String> accepted, String why) {}

    /**
     * What a person should know.
     *
     * @param what has no effect, and why
     * @param action what to do about it
     */
    public record Hint(String what, String action) {}

    private static final Set<String> CODECS = Set.of("uncompressed", "snappy", "gzip", "zstd", "lz4", "lz4_raw");

    private static final Map<String, Rule> RULES = rules();

    private TablePropertyRules() {}

    private static Map<String, Rule> rules() {
        Map<String, Rule> rules = new TreeMap<>();
        refusals(rules);
        followed(rules);
        withoutEffect(rules);
        ofOthers(rules);
        return Map.copyOf(rules);
    }

    private static void refusals(Map<String, Rule> rules) {
        Rule parquet = new Rule(
                Treatment.FOLLOWED, value -> value.strip().equalsIgnoreCase("parquet"), "Firn writes Parquet alone");
        rules.put(TableProperties.DEFAULT_FILE_FORMAT, parquet);
        rules.put(TableProperties.DELETE_DEFAULT_FILE_FORMAT, parquet);
        rules.put(
                TableProperties.ENCRYPTION_TABLE_KEY,
                new Rule(Treatment.FOLLOWED, value -> false, "Firn does not encrypt all files that it writes"));
        Rule codec = new Rule(
                Treatment.FOLLOWED,
                value -> CODECS.contains(value.toLowerCase(Locale.ROOT)),
                "Firn compresses Parquet files by uncompressed, snappy, gzip, zstd, lz4 or lz4_raw");
        rules.put(TableProperties.PARQUET_COMPRESSION, codec);
        rules.put(TableProperties.DELETE_PARQUET_COMPRESSION, codec);
        Rule above0 = new Rule(
                Treatment.FOLLOWED,
                value -> isAbove0(value, Integer.MAX_VALUE),
                "it must be a whole number above 0, up to " + Integer.MAX_VALUE);
        for (String name : List.of(
                TableProperties.PARQUET_PAGE_SIZE_BYTES,
                TableProperties.PARQUET_PAGE_ROW_LIMIT,
                TableProperties.PARQUET_DICT_SIZE_BYTES,
                TableProperties.PARQUET_ROW_GROUP_CHECK_MIN_RECORD_COUNT,
                TableProperties.PARQUET_ROW_GROUP_CHECK_MAX_RECORD_COUNT,
                TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES,
                TableProperties.DELETE_PARQUET_PAGE_SIZE_BYTES,
                TableProperties.DELETE_PARQUET_PAGE_ROW_LIMIT,
                TableProperties.DELETE_PARQUET_DICT_SIZE_BYTES,
                TableProperties.DELETE_PARQUET_ROW_GROUP_CHECK_MIN_RECORD_COUNT,
                TableProperties.DELETE_PARQUET_ROW_GROUP_CHECK_MAX_RECORD_COUNT,
                TableProperties.DELETE_PARQUET_ROW_GROUP_SIZE_BYTES)) {
            rules.put(name, above0);
        }
        rules.put(
                TableProperties.MANIFEST_TARGET_SIZE_BYTES,
                new Rule(
                        Treatment.FOLLOWED,
                        value -> isAbove0(value, Long.MAX_VALUE),
                        "it must be a whole number above 0"));
    }

    private static boolean isAbove0(String value, long most) {
        try {
            long number = Long.parseLong(value);
            return number > 0 && number <= most;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static void followed(Map<String, Rule> rules) {
        Rule followed = new Rule(Treatment.FOLLOWED, value -> true, "");
        for (String name : List.of(
                TableProperties.FORMAT_VERSION,
                TableProperties.GC_ENABLED,
                TableProperties.DEFAULT_NAME_MAPPING,
                TableProperties.PARQUET_COMPRESSION_LEVEL,
                TableProperties.PARQUET_PAGE_VERSION,
                TableProperties.PARQUET_ROW_GROUP_SIZE_TRACK_UNCOMPRESSED,
                "write.parquet.bloom-filter-",
                TableProperties.PARQUET_COLUMN_STATS_ENABLED_PREFIX,
                TableProperties.PARQUET_DICT_ENCODING_ENABLED_COLUMN_PREFIX,
                TableProperties.DELETE_PARQUET_COMPRESSION_LEVEL,
                TableProperties.DELETE_PARQUET_PAGE_VERSION,
                "write.metadata.",
                "write.manifest.",
                "write.object-storage.",
                TableProperties.WRITE_LOCATION_PROVIDER_IMPL,
                TableProperties.WRITE_FOLDER_STORAGE_LOCATION,
                TableProperties.WRITE_DATA_LOCATION,
                TableProperties.WRITE_PARTITION_SUMMARY_LIMIT,
                "commit.status-check.",
                "engine.hive.",
                TableProperties.SNAPSHOT_ID_INHERITANCE_ENABLED)) {
            rules.put(name, followed);
        }
    }

    private static void withoutEffect(Map<String, Rule> rules) {
        rules.put(
                TableProperties.WRITE_TARGET_FILE_SIZE_BYTES,
                without("Firn's files are as large as commit.target-file-size says"));
        rules.put("commit.retry.", without("Firn repeats its commits until they are decided"));
        Rule manifests = without("Firn's commits merge no manifests, and its job for manifests does");
        rules.put(TableProperties.MANIFEST_MERGE_ENABLED, manifests);
        rules.put(TableProperties.MANIFEST_MIN_MERGE_COUNT, manifests);
        rules.put("history.expire.", without("Firn expires snapshots as maintenance.snapshots-keep says"));
        rules.put(
                TableProperties.WRITE_AUDIT_PUBLISH_ENABLED,
                new Rule(
                        Treatment.WITHOUT_EFFECT,
                        value -> value.equalsIgnoreCase("false"),
                        "Firn's rows are visible as soon as they are committed"));
        rules.put(
                TableProperties.DELETE_GRANULARITY,
                new Rule(
                        Treatment.WITHOUT_EFFECT_ON_DELETES,
                        value -> value.equalsIgnoreCase("file"),
                        "Firn writes the deletes of each data file to a file of their own"));
        rules.put(
                TableProperties.DELETE_TARGET_FILE_SIZE_BYTES,
                new Rule(
                        Treatment.WITHOUT_EFFECT_ON_DELETES,
                        value -> false,
                        "Firn writes the deletes of each data file to a file of their own"));
    }

    private static Rule without(String instead) {
        return new Rule(Treatment.WITHOUT_EFFECT, value -> false, instead);
    }

    private static void ofOthers(Map<String, Rule> rules) {
        Rule ofOthers = new Rule(Treatment.OF_OTHERS, value -> true, "");
        for (String name : List.of(
                TableProperties.COMMENT,
                TableProperties.IDENTIFIER_FIELDS_RELY,
                "read.",
                "write.avro.",
                "write.orc.",
                "write.delete.avro.",
                "write.delete.orc.",
                "write.spark.",
                "write.update.",
                "write.merge.",
                TableProperties.UPSERT_ENABLED,
                TableProperties.WRITE_DISTRIBUTION_MODE,
                TableProperties.DELETE_DISTRIBUTION_MODE,
                TableProperties.DELETE_ISOLATION_LEVEL,
                TableProperties.DELETE_MODE,
                // Of types that Firn does not write.
                TableProperties.PARQUET_SHRED_VARIANTS,
                TableProperties.PARQUET_VARIANT_BUFFER_SIZE,
                // Without a key nothing is encrypted.
                TableProperties.ENCRYPTION_DEK_LENGTH)) {
            rules.put(name, ofOthers);
        }
    }

    /** What becomes of the property; empty if Iceberg does not define it. */
    static Optional<Treatment> treatment(String property) {
        return rule(property).map(Rule::treatment);
    }

    /** The rule for that very name, else the one for the longest beginning of it. */
    private static Optional<Rule> rule(String property) {
        Rule exact = RULES.get(property);
        if (exact != null) {
            return Optional.of(exact);
        }
        return RULES.entrySet().stream()
                .filter(entry -> (entry.getKey().endsWith(".") || entry.getKey().endsWith("-"))
                        && property.startsWith(entry.getKey()))
                .max(Comparator.comparingInt(entry -> entry.getKey().length()))
                .map(Map.Entry::getValue);
    }

    /**
     * Returns why Firn cannot write to the table: it would have to ignore one of its properties, or load a class that the
     * configuration does not allow.
     *
     * @param name of the table, for the error
     */
    public static Optional<FirnException> refusal(Table table, String name) {
        Optional<FirnException> refusedClass = TableClasses.refusal(table, name);
        if (refusedClass.isPresent()) {
            return refusedClass;
        }
        for (Map.Entry<String, String> property : new TreeMap<>(table.properties()).entrySet()) {
            Optional<Rule> rule = rule(property.getKey());
            if (rule.isPresent()
                    && rule.get().treatment() == Treatment.FOLLOWED
                    && !rule.get().accepted().test(property.getValue())
                    && concerns(property.getKey(), table)) {
                return Optional.of(
                        FirnException.user(
                                "table-property-unsupported",
                                "Firn cannot follow the table property " + property.getKey() + " = '"
                                        + property.getValue() + "': "
                                        + rule.get().why(),
                                "table " + name,
                                "change or remove the property (in Spark: ALTER TABLE ... UNSET TBLPROPERTIES), or name another table"));
            }
        }
        return Optional.empty();
    }

    /** In format 3 every writer marks deleted rows by deletion vectors, whose format is not chosen. */
    private static boolean concerns(String property, Table table) {
        return !property.startsWith("write.delete.") || hasDeletes(table) && TableUtil.formatVersion(table) < 3;
    }

    private static boolean hasDeletes(Table table) {
        return table.properties().containsKey(UpsertKeys.KEY);
    }

    /**
     * Returns what the table's properties and its sort order ask for and Firn does not do.
     *
     * @param targetFileBytes the pipeline's own
     */
    public static List<Hint> hints(Table table, long targetFileBytes) {
        List<Hint> hints = new ArrayList<>();
        if (table.sortOrder().isSorted()) {
            hints.add(new Hint(
                    "the table has a sort order (" + sortOrder(table) + "): new files are written unsorted, and marked"
                            + " so; the rewrite of small files sorts what it joins",
                    "leave maintenance enabled, or sort with another engine"));
        }
        new TreeMap<>(table.properties()).forEach((property, value) -> {
            boolean sameSize = property.equals(TableProperties.WRITE_TARGET_FILE_SIZE_BYTES)
                    && value.equals(Long.toString(targetFileBytes));
            rule(property)
                    .filter(rule -> rule.treatment() == Treatment.WITHOUT_EFFECT
                            || rule.treatment() == Treatment.WITHOUT_EFFECT_ON_DELETES && hasDeletes(table))
                    .filter(rule -> !sameSize && !rule.accepted().test(value))
                    .ifPresent(rule -> hints.add(new Hint(
                            "the table property " + property + " = '" + value + "' has no effect on Firn: "
                                    + rule.why(),
                            "nothing if that is what you want; other engines still follow the property")));
        });
        return hints;
    }

    private static String sortOrder(Table table) {
        return table.sortOrder().fields().stream()
                .map(field -> {
                    String column = table.schema().findColumnName(field.sourceId());
                    return (field.transform().isIdentity() ? column : field.transform() + "(" + column + ")") + " "
                            + field.direction().name().toLowerCase(Locale.ROOT);
                })
                .collect(Collectors.joining(", "));
    }
}
