package io.firn.compaction.view;

import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** What engines write differently. */
public enum SqlDialect {
    TRINO('"'),
    SPARK('`'),
    DUCKDB('"');

    private final char quote;

    SqlDialect(char quote) {
        this.quote = quote;
    }

    /** The dialect's name in an Iceberg view. */
    public String viewName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** A name between quotes. */
    String name(String name) {
        return quote + name.replace(String.valueOf(quote), String.valueOf(quote) + quote) + quote;
    }

    /** A text value. */
    String text(String value) {
        String doubled = value.replace("'", "''");
        return "'" + (this == SPARK ? doubled.replace("\\", "\\\\") : doubled) + "'";
    }

    /** @throws IllegalArgumentException for a type that the engine does not have */
    String type(Type type) {
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
