package io.firn.catalog.schema;

import io.firn.catalog.FirnException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/**
 * The part of a table's schema that Firn writes to data files. Columns of other types, and columns without a name,
 * which Parquet does not have, are left out of the files if they are optional, so that readers see null.
 */
public final class WritableSchema {
    private final String table;

    private WritableSchema(String table) {
        this.table = table;
    }

    /**
     * Returns the writable part; the same schema if that is all of it.
     *
     * @param table for the error
     * @throws FirnException of kind user, {@code unsupported-column-type}, if a required column cannot be written
     */
    public static Schema of(Schema schema, String table) {
        List<NestedField> fields = new WritableSchema(table).fields("", schema.columns());
        return fields.equals(schema.columns()) ? schema : new Schema(schema.schemaId(), fields);
    }

    /**
     * As {@link #of(Schema, String)}, for a table that may be partitioned by such a column.
     *
     * @throws FirnException of kind user, {@code unsupported-column-type}
     */
    public static Schema of(Schema schema, PartitionSpec spec, String table) {
        Schema writable = of(schema, table);
        spec.fields().stream()
                .filter(field -> !field.transform().isVoid() && writable.findField(field.sourceId()) == null)
                .findFirst()
                .ifPresent(field -> {
                    NestedField source = schema.findField(field.sourceId());
                    String name = source == null ? field.name() : source.name();
                    throw unsupported(
                            "the table is partitioned by a column that Firn cannot write",
                            "column '" + name + "', table " + table,
                            "partition the table by another column");
                });
        return writable;
    }

    private List<NestedField> fields(String prefix, List<NestedField> all) {
        List<NestedField> writable = new ArrayList<>();
        for (NestedField field : all) {
            String path = prefix + field.name();
            Optional<Type> type = field.name().isEmpty() ? Optional.empty() : type(path, field.type());
            if (type.isPresent()) {
                writable.add(
                        type.get().equals(field.type())
                                ? field
                                : NestedField.from(field).ofType(type.get()).build());
            } else if (field.isRequired()) {
                throw unsupported(
                        field.name().isEmpty()
                                ? "a required column has no name, and Parquet cannot write it"
                                : "Firn cannot write the required column's type " + field.type(),
                        "column '" + path + "', table " + table,
                        "make the column optional, so that it stays null, or drop it");
            }
        }
        return writable;
    }

    /** Empty if the type cannot be written. */
    private Optional<Type> type(String path, Type type) {
        return switch (type.typeId()) {
            case STRUCT -> {
                List<NestedField> fields =
                        fields(path + ".", type.asStructType().fields());
                yield fields.isEmpty() ? Optional.empty() : Optional.of(Types.StructType.of(fields));
            }
            case LIST -> list(path, type.asListType());
            case MAP -> map(path, type.asMapType());
            case BOOLEAN, INTEGER, LONG, FLOAT, DOUBLE, DECIMAL, STRING, UUID, BINARY, FIXED -> Optional.of(type);
            case DATE, TIME, TIMESTAMP, TIMESTAMP_NANO -> Optional.of(type);
            default -> Optional.empty();
        };
    }

    private Optional<Type> list(String path, Types.ListType list) {
        return type(path + ".element", list.elementType())
                .map(element -> list.isElementOptional()
                        ? Types.ListType.ofOptional(list.elementId(), element)
                        : Types.ListType.ofRequired(list.elementId(), element));
    }

    private Optional<Type> map(String path, Types.MapType map) {
        Optional<Type> key = type(path + ".key", map.keyType());
        Optional<Type> value = type(path + ".value", map.valueType());
        if (key.isEmpty() || value.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                map.isValueOptional()
                        ? Types.MapType.ofOptional(map.keyId(), map.valueId(), key.get(), value.get())
                        : Types.MapType.ofRequired(map.keyId(), map.valueId(), key.get(), value.get()));
    }

    private static FirnException unsupported(String what, String where, String action) {
        return FirnException.user("unsupported-column-type", what, where, action);
    }
}
