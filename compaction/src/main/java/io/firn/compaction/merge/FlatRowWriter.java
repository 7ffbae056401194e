package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.compaction.scan.ColumnCursor;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.iceberg.FieldMetrics;
import org.apache.iceberg.Table;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.parquet.TripleWriter;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types.DecimalType;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** Pushes the values of {@link FlatRows} into Parquet's column writers. One for each file. */
final class FlatRowWriter implements ParquetValueWriter<FlatRows.Row> {
    private static final int INT_DIGITS = 9;
    private static final int LONG_DIGITS = 18;

    private enum Form {
        TRUTH,
        INT,
        LONG,
        FLOAT,
        DOUBLE,
        BYTES,
        WIDE_DECIMAL
    }

    private final Table table;
    private final List<NestedField> fields;
    private final List<ColumnDescriptor> descriptors;
    private final Form[] forms;
    private final int[] whenPresent;
    private final ColumnWriter[] writers;
    private final @Nullable FractionFigures[] figures;

    FlatRowWriter(Table table, MessageType type) {
        this.table = table;
        this.fields = table.schema().columns();
        this.descriptors = type.getColumns();
        if (descriptors.size() != fields.size()) {
            throw new IllegalArgumentException("the file's columns are not the table's: " + type);
        }
        this.forms = fields.stream().map(field -> form(field.type())).toArray(Form[]::new);
        this.whenPresent = descriptors.stream()
                .mapToInt(ColumnDescriptor::getMaxDefinitionLevel)
                .toArray();
        this.writers = new ColumnWriter[forms.length];
        this.figures = new FractionFigures[forms.length];
        for (int i = 0; i < forms.length; i++) {
            if (forms[i] == Form.FLOAT || forms[i] == Form.DOUBLE) {
                figures[i] = new FractionFigures(fields.get(i).fieldId(), forms[i] == Form.FLOAT);
            }
        }
    }

    /** Whether values of the type go from file to file without being understood. */
    static boolean takes(Type type) {
        return switch (type.typeId()) {
            case BOOLEAN, INTEGER, DATE, LONG, TIME, TIMESTAMP, TIMESTAMP_NANO -> true;
            case FLOAT, DOUBLE, STRING, BINARY, FIXED, UUID, DECIMAL -> true;
            default -> false;
        };
    }

    private static Form form(Type type) {
        return switch (type.typeId()) {
            case BOOLEAN -> Form.TRUTH;
            case INTEGER, DATE -> Form.INT;
            case LONG, TIME, TIMESTAMP, TIMESTAMP_NANO -> Form.LONG;
            case FLOAT -> Form.FLOAT;
            case DOUBLE -> Form.DOUBLE;
            case STRING, BINARY, FIXED, UUID -> Form.BYTES;
            case DECIMAL -> decimal(((DecimalType) type).precision());
            default -> throw new IllegalArgumentException("a column with an inner structure: " + type);
        };
    }

    private static Form decimal(int digits) {
        return digits <= INT_DIGITS ? Form.INT : digits <= LONG_DIGITS ? Form.LONG : Form.WIDE_DECIMAL;
    }

    @Override
    public void setColumnStore(ColumnWriteStore store) {
        for (int i = 0; i < writers.length; i++) {
            writers[i] = store.getColumnWriter(descriptors.get(i));
        }
    }

    @Override
    public void write(int repetition, FlatRows.Row row) {
        for (int i = 0; i < writers.length; i++) {
            if (row.isOrderTimestamp(i)) {
                writeOrderTimestamp(i, row.orderTimestamp());
                continue;
            }
            ColumnCursor value = row.value(i);
            if (value == null || value.isNull()) {
                writeNull(i);
            } else {
                write(i, value);
            }
        }
    }

    private void writeOrderTimestamp(int column, long timestamp) {
        if (timestamp == OutputRow.NO_TIMESTAMP) {
            writeNull(column);
        } else {
            writers[column].write(timestamp, 0, whenPresent[column]);
        }
    }

    private void write(int column, ColumnCursor value) {
        ColumnWriter writer = writers[column];
        int definition = whenPresent[column];
        switch (forms[column]) {
            case TRUTH -> writer.write(value.asLong() != 0, 0, definition);
            case INT -> writer.write((int) value.asLong(), 0, definition);
            case LONG -> writer.write(value.asLong(), 0, definition);
            case FLOAT -> {
                writer.write((float) value.asDouble(), 0, definition);
                add(column, value.asDouble());
            }
            case DOUBLE -> {
                writer.write(value.asDouble(), 0, definition);
                add(column, value.asDouble());
            }
            case BYTES -> writer.write(value.asBinary(), 0, definition);
            case WIDE_DECIMAL -> writer.write(unscaled(column, value), 0, definition);
        }
    }

    private void writeNull(int column) {
        if (whenPresent[column] == 0) {
            throw FirnException.user(
                    "value-missing",
                    "a row has no value in column '" + fields.get(column).name() + "', which is required",
                    "table " + table.name(),
                    "make the column optional, or correct what is staged");
        }
        writers[column].writeNull(0, 0);
        FractionFigures counted = figures[column];
        if (counted != null) {
            counted.addNull();
        }
    }

    private void add(int column, double value) {
        FractionFigures counted = figures[column];
        if (counted != null) {
            counted.add(value);
        }
    }

    /** As many bytes as the column's precision asks for, the highest first. */
    private Binary unscaled(int column, ColumnCursor value) {
        byte[] wanted = new byte[descriptors.get(column).getPrimitiveType().getTypeLength()];
        byte[] bytes = value.asUnscaled().toByteArray();
        int sign = bytes[0] < 0 ? -1 : 0;
        Arrays.fill(wanted, 0, wanted.length - bytes.length, (byte) sign);
        System.arraycopy(bytes, 0, wanted, wanted.length - bytes.length, bytes.length);
        return Binary.fromConstantByteArray(wanted);
    }

    @Override
    public List<TripleWriter<?>> columns() {
        return List.of();
    }

    @Override
    public Stream<FieldMetrics<?>> metrics() {
        return Arrays.stream(figures).filter(Objects::nonNull).map(FractionFigures::metrics);
    }
}
