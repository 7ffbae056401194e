package io.firn.catalog.schema;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** What engines write differently. */
public enum SqlDialect {
    TRINO('"'),
    SPARK('`'),
    DUCKDB('"');

    /** Reserved in Trino, or in Spark under ANSI rules. */
    private static final Set<String> KEYWORDS = Set.of(("all alter and any anti array as authorization between both by"
                    + " case cast check collate column constraint create cross cube current_catalog current_date"
                    + " current_path current_role current_schema current_time current_timestamp current_user deallocate"
                    + " delete describe distinct drop else end escape except execute exists extract false fetch filter"
                    + " for foreign from full grant group grouping having in inner insert intersect into is join"
                    + " json_array json_exists json_object json_query json_table json_value lateral leading left like"
                    + " listagg localtime localtimestamp natural normalize not null on only or order outer overlaps"
                    + " prepare primary recursive references right rollup select semi session_user skip some table then"
                    + " time to trailing trim true uescape union unique unknown unnest user using values when where with")
            .split(" "));

    private final char quote;

    SqlDialect(char quote) {
        this.quote = quote;
    }

    /** The dialect's name in an Iceberg view. */
    public String viewName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns a name between quotes. */
    public String name(String name) {
        return quote + name.replace(String.valueOf(quote), String.valueOf(quote) + quote) + quote;
    }

    /** Returns a literal of a text. */
    public String text(String value) {
        String doubled = value.replace("'", "''");
        return "'" + (this == SPARK ? doubled.replace("\\", "\\\\") : doubled) + "'";
    }

    /**
     * Returns a name, between quotes only if it needs them in either Trino or Spark: a keyword, or other characters than
     * lower-case letters, digits and underscores.
     */
    public String nameIfNeeded(String name) {
        return name.matches("[a-z_][a-z0-9_]*") && !KEYWORDS.contains(name) ? name : name(name);
    }

    /**
     * Returns how the engine writes a type.
     *
     * @throws IllegalArgumentException for a type that the engine does not have
     */
    public String type(Type type) {
        boolean spark = this == SPARK;
        return switch (type.typeId()) {
            case BOOLEAN -> "boolean";
            case INTEGER -> spark ? "int" : "integer";
            case LONG -> "bigint";
            case FLOAT -> spark ? "float" : "real";
            case DOUBLE -> "double";
            case DATE -> "date";
            case TIME -> this == TRINO ? "time(6)" : "time";
            case TIMESTAMP -> timestamp(6, ((Types.TimestampType) type).shouldAdjustToUTC());
            case TIMESTAMP_NANO -> timestamp(9, ((Types.TimestampNanoType) type).shouldAdjustToUTC());
            case DECIMAL -> {
                Types.DecimalType decimal = (Types.DecimalType) type;
                yield "decimal(" + decimal.precision() + ", " + decimal.scale() + ")";
            }
            case STRING -> spark ? "string" : "varchar";
            case UUID -> spark ? "string" : "uuid";
            case FIXED, BINARY -> this == TRINO ? "varbinary" : spark ? "binary" : "blob";
            case STRUCT ->
                type.asStructType().fields().stream()
                        .map(field -> name(field.name()) + (spark ? ": " : " ") + type(field.type()))
                        .collect(
                                Collectors.joining(", ", opening(this == TRINO ? "row" : "struct"), spark ? ">" : ")"));
            case LIST -> list(type(type.asListType().elementType()));
            case MAP ->
                opening("map") + type(type.asMapType().keyType()) + ", "
                        + type(type.asMapType().valueType()) + (spark ? ">" : ")");
            default -> throw new IllegalArgumentException(viewName() + " has no type for " + type);
        };
    }

    private String opening(String name) {
        return name + (this == SPARK ? "<" : "(");
    }

    private String list(String element) {
        return switch (this) {
            case TRINO -> "array(" + element + ")";
            case SPARK -> "array<" + element + ">";
            case DUCKDB -> element + "[]";
        };
    }

    private String timestamp(int digits, boolean zoned) {
        return switch (this) {
            case TRINO -> "timestamp(" + digits + ")" + (zoned ? " with time zone" : "");
            case SPARK -> zoned ? "timestamp" : "timestamp_ntz";
            case DUCKDB -> zoned ? "timestamp with time zone" : digits == 9 ? "timestamp_ns" : "timestamp";
        };
    }
}
