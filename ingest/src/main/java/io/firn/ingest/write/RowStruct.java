package io.firn.ingest.write;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.Slice;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.UUIDUtil;
import org.jspecify.annotations.Nullable;

/**
 * A row as Iceberg's partition transforms read it: the fields outside lists and maps, in Iceberg's own classes. Boxes
 * what it returns, so it is asked once for each partition seen, not for each row.
 */
final class RowStruct implements StructLike {
    private final Row row;
    private final List<Types.NestedField> fields;
    private final @Nullable RowStruct[] structs;
    private final RowLayout.@Nullable Column[] columns;

    RowStruct(Row row, List<Types.NestedField> fields) {
        this.row = row;
        this.fields = fields;
        this.structs = new RowStruct[fields.size()];
        this.columns = new RowLayout.Column[fields.size()];
        for (int i = 0; i < fields.size(); i++) {
            Type type = fields.get(i).type();
            if (type.isStructType()) {
                structs[i] = new RowStruct(row, type.asStructType().fields());
            } else if (type.isPrimitiveType()) {
                columns[i] = row.layout().column(fields.get(i).fieldId());
            }
        }
    }

    @Override
    public int size() {
        return fields.size();
    }

    @Override
    public <T> @Nullable T get(int position, Class<T> javaClass) {
        RowStruct struct = structs[position];
        if (struct != null) {
            // A null struct has null leaves, which is all that a transform sees of it.
            return javaClass.cast(struct);
        }
        RowLayout.Column column = columns[position];
        if (column == null) {
            throw new IllegalArgumentException("not a value that partitions: " + fields.get(position));
        }
        ColumnEntries entries = row.column(column.index());
        return entries.hasValue(0) ? javaClass.cast(box(column, entries.bits(0))) : null;
    }

    @Override
    public <T> void set(int position, T value) {
        throw new UnsupportedOperationException("a view");
    }

    private Object box(RowLayout.Column column, long bits) {
        return switch (column.type().typeId()) {
            case BOOLEAN -> bits != 0;
            case INTEGER, DATE -> (int) bits;
            case FLOAT -> Float.intBitsToFloat((int) bits);
            case DOUBLE -> Double.longBitsToDouble(bits);
            case STRING -> new String(row.bytes(bits), Slice.start(bits), Slice.length(bits), StandardCharsets.UTF_8);
            case DECIMAL -> decimal(column, bits);
            case UUID -> UUIDUtil.convert(bytes(bits));
            case BINARY, FIXED -> ByteBuffer.wrap(bytes(bits));
            default -> bits;
        };
    }

    private BigDecimal decimal(RowLayout.Column column, long bits) {
        int scale = ((Types.DecimalType) column.type()).scale();
        return column.storage() == RowLayout.Storage.BYTES
                ? new BigDecimal(new BigInteger(bytes(bits)), scale)
                : BigDecimal.valueOf(bits, scale);
    }

    private byte[] bytes(long slice) {
        int start = Slice.start(slice);
        return Arrays.copyOfRange(row.bytes(slice), start, start + Slice.length(slice));
    }
}
