package io.firn.ingest.record;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.iceberg.Schema;
import org.apache.iceberg.parquet.ParquetSchemaUtil;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.schema.MessageType;

/**
 * The leaf columns of a table as Parquet will hold them, in Parquet's order: the shape of every {@link Row} of the
 * table.
 */
public final class RowLayout {
    /** How a column's values are kept in an entry's 64 bits. */
    public enum Storage {
        BOOLEAN,
        INT,
        LONG,
        /** {@link Float#floatToRawIntBits}. */
        FLOAT,
        /** {@link Double#doubleToRawLongBits}. */
        DOUBLE,
        /** A {@link Slice} of the record or of the row's scratch. */
        BYTES
    }

    /**
     * One leaf column.
     *
     * @param index in Parquet's order, from 0
     * @param path names from the root, with dots
     * @param type Iceberg's type
     * @param maxRepetition how many lists and maps it is in
     * @param maxDefinition definition level of a value that is there
     */
    public record Column(
            int index,
            int fieldId,
            String path,
            Type.PrimitiveType type,
            Storage storage,
            int maxRepetition,
            int maxDefinition) {}

    private final Schema schema;
    private final MessageType parquetSchema;
    private final List<Column> columns;

    private RowLayout(Schema schema, MessageType parquetSchema, List<Column> columns) {
        this.schema = schema;
        this.parquetSchema = parquetSchema;
        this.columns = columns;
    }

    /** @param schema of columns that can be written, see {@link io.firn.catalog.schema.WritableSchema} */
    public static RowLayout of(Schema schema) {
        MessageType parquetSchema = ParquetSchemaUtil.convert(schema, "table");
        Map<Integer, Types.NestedField> fields = TypeUtil.indexById(schema.asStruct());
        List<Column> columns = new ArrayList<>();
        for (ColumnDescriptor descriptor : parquetSchema.getColumns()) {
            int fieldId = descriptor.getPrimitiveType().getId().intValue();
            Types.NestedField field =
                    Objects.requireNonNull(fields.get(fieldId), "Parquet has a column that the schema has not");
            columns.add(new Column(
                    columns.size(),
                    fieldId,
                    schema.findColumnName(fieldId),
                    field.type().asPrimitiveType(),
                    storage(descriptor),
                    descriptor.getMaxRepetitionLevel(),
                    descriptor.getMaxDefinitionLevel()));
        }
        return new RowLayout(schema, parquetSchema, List.copyOf(columns));
    }

    public Schema schema() {
        return schema;
    }

    public MessageType parquetSchema() {
        return parquetSchema;
    }

    public List<Column> columns() {
        return columns;
    }

    /** The leaf column of a field. */
    public Column column(int fieldId) {
        for (Column column : columns) {
            if (column.fieldId() == fieldId) {
                return column;
            }
        }
        throw new IllegalArgumentException("no leaf column has field id " + fieldId);
    }

    private static Storage storage(ColumnDescriptor descriptor) {
        return switch (descriptor.getPrimitiveType().getPrimitiveTypeName()) {
            case BOOLEAN -> Storage.BOOLEAN;
            case INT32 -> Storage.INT;
            case INT64 -> Storage.LONG;
            case FLOAT -> Storage.FLOAT;
            case DOUBLE -> Storage.DOUBLE;
            case BINARY, FIXED_LEN_BYTE_ARRAY, INT96 -> Storage.BYTES;
        };
    }
}
