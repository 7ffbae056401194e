package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.Nearest;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Type.TypeID;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/**
 * What the three tables of an upsert pipeline look like. Pure.
 *
 * @param columns the columns of the records, without source columns
 * @param key names of the key's columns: at the top, never null, of a type that can be compared for equality
 * @param orderBy the column that orders the records of a key before anything else does, a version
 */
public record UpsertLayout(Schema columns, List<String> key, Optional<String> orderBy) {
    private static final Set<TypeID> KEY_TYPES = Set.of(
            TypeID.BOOLEAN,
            TypeID.INTEGER,
            TypeID.LONG,
            TypeID.FLOAT,
            TypeID.DOUBLE,
            TypeID.DATE,
            TypeID.TIME,
            TypeID.TIMESTAMP,
            TypeID.TIMESTAMP_NANO,
            TypeID.STRING,
            TypeID.UUID,
            TypeID.FIXED,
            TypeID.BINARY,
            TypeID.DECIMAL);

    /** Those that fit a long, order kept. */
    private static final Set<TypeID> ORDER_TYPES = Set.of(
            TypeID.INTEGER,
            TypeID.LONG,
            TypeID.FLOAT,
            TypeID.DOUBLE,
            TypeID.DATE,
            TypeID.TIME,
            TypeID.TIMESTAMP,
            TypeID.TIMESTAMP_NANO,
            TypeID.DECIMAL);

    /** Decimals of more digits do not fit a long. */
    private static final int LONG_DIGITS = 18;

    /** @throws FirnException {@code key-invalid}, {@code order-by-invalid} */
    public UpsertLayout {
        key = List.copyOf(key);
        checkKey(columns, key);
        orderBy.ifPresent(column -> checkOrderBy(columns, column));
    }

    /** Every record, as it came: all but the key may be null, because a tombstone has nothing else. */
    public Schema staging() {
        List<NestedField> fields = new ArrayList<>();
        for (NestedField column : columns.columns()) {
            fields.add(key.contains(column.name()) ? column.asRequired() : column.asOptional());
        }
        addSourceColumns(fields);
        add(fields, UpsertColumns.TOPIC_ID, Types.StringType.get());
        add(fields, UpsertColumns.TOMBSTONE, Types.BooleanType.get());
        return new Schema(TypeUtil.assignIncreasingFreshIds(new Schema(fields)).columns());
    }

    /** One row a key. The key's columns are its identifier fields where Iceberg allows their types. */
    public Schema keyed() {
        List<NestedField> fields = new ArrayList<>(columns.columns());
        addSourceColumns(fields);
        add(fields, UpsertColumns.TOPIC_ID, Types.StringType.get());
        add(fields, UpsertColumns.ORDER_TIMESTAMP, Types.TimestampType.withZone());
        return identified(TypeUtil.assignIncreasingFreshIds(new Schema(fields)));
    }

    /** One row a known delete. */
    public Schema deletes() {
        List<NestedField> fields = new ArrayList<>();
        for (NestedField column : columns.columns()) {
            if (key.contains(column.name())) {
                fields.add(column);
            } else if (orderBy.isPresent() && orderBy.get().equals(column.name())) {
                fields.add(column.asOptional());
            }
        }
        addSourceColumns(fields);
        add(fields, UpsertColumns.TOPIC_ID, Types.StringType.get());
        add(fields, UpsertColumns.ORDER_TIMESTAMP, Types.TimestampType.withZone());
        return TypeUtil.assignIncreasingFreshIds(new Schema(fields));
    }

    /** Buckets by the first key column where its type can be bucketed; rows of a key then share their files. */
    public List<String> defaultPartitioning() {
        String first = key.get(0);
        return switch (columns.findType(first).typeId()) {
            case BOOLEAN, FLOAT, DOUBLE -> List.of();
            default -> List.of("bucket(16, " + first + ")");
        };
    }

    private Schema identified(Schema schema) {
        Set<Integer> ids = new HashSet<>();
        for (String column : key) {
            NestedField field = schema.findField(column);
            if (field.type().typeId() == TypeID.FLOAT || field.type().typeId() == TypeID.DOUBLE) {
                return schema;
            }
            ids.add(field.fieldId());
        }
        return new Schema(schema.columns(), ids);
    }

    private static void addSourceColumns(List<NestedField> fields) {
        for (String name : SourceColumns.names()) {
            add(fields, name, SourceColumns.type(name));
        }
    }

    private static void add(List<NestedField> fields, String name, Type type) {
        fields.add(NestedField.optional(Integer.MAX_VALUE / 2 + fields.size(), name, type));
    }

    private static void checkKey(Schema columns, List<String> key) {
        if (key.isEmpty()) {
            throw keyInvalid("an upsert pipeline needs a key", "set 'key' to the columns that tell rows apart");
        }
        if (new HashSet<>(key).size() < key.size()) {
            throw keyInvalid("a column is named twice: " + String.join(", ", key), "name each column once");
        }
        for (NestedField column : columns.columns()) {
            if (SourceColumns.isSourceColumn(column.name()) || UpsertColumns.isUpsertColumn(column.name())) {
                throw FirnException.user(
                        "schema-invalid",
                        "the name '" + column.name() + "' is taken by a column that Firn adds",
                        "schema",
                        "give the column another name");
            }
        }
        for (String name : key) {
            NestedField column = top(columns, name);
            if (column == null) {
                throw keyInvalid(
                        "the schema has no column '" + name + "'" + hint(columns, name), "name columns of the schema");
            }
            if (!KEY_TYPES.contains(column.type().typeId())) {
                throw keyInvalid(
                        "column '" + name + "' is " + SchemaText.of(column.type()) + ", which can be no part of a key",
                        "use columns of simple types, or route the parts that tell rows apart into columns");
            }
            if (column.isOptional()) {
                throw keyInvalid(
                        "column '" + name + "' may be null, and a row without a key is no row",
                        "write '" + name + " " + SchemaText.of(column.type()) + " not null' in the schema");
            }
        }
    }

    private static void checkOrderBy(Schema columns, String name) {
        NestedField column = top(columns, name);
        if (column == null) {
            throw orderByInvalid("the schema has no column '" + name + "'" + hint(columns, name));
        }
        boolean wide = column.type().typeId() == TypeID.DECIMAL
                && ((Types.DecimalType) column.type()).precision() > LONG_DIGITS;
        if (wide || !ORDER_TYPES.contains(column.type().typeId())) {
            throw orderByInvalid("column '" + name + "' is " + SchemaText.of(column.type()));
        }
    }

    private static org.apache.iceberg.types.Types.@org.jspecify.annotations.Nullable NestedField top(
            Schema columns, String name) {
        return columns.asStruct().field(name);
    }

    private static String hint(Schema columns, String name) {
        List<String> known = columns.columns().stream().map(NestedField::name).toList();
        return Nearest.of(name, known)
                .map(nearest -> ", did you mean '" + nearest + "'?")
                .orElse("");
    }

    private static FirnException keyInvalid(String what, String action) {
        return FirnException.user("key-invalid", what, "key", action);
    }

    private static FirnException orderByInvalid(String what) {
        return FirnException.user(
                "order-by-invalid",
                what,
                "order-by",
                "name a column of a number, date or time type, decimals of up to " + LONG_DIGITS + " digits");
    }
}
