package io.firn.compaction.scan;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import org.apache.iceberg.parquet.ParquetValueReaders;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.io.api.Binary;
import org.jspecify.annotations.Nullable;

/**
 * The values of one flat column, one after the other, without boxing. What a number is depends on how it was written: an
 * int may stand for a long, bytes for a decimal; {@link #asLong} and {@link #asDouble} hide it.
 */
public final class ColumnCursor {
    private enum Kind {
        INT,
        LONG,
        FLOAT,
        DOUBLE,
        BOOLEAN,
        BINARY
    }

    private final @Nullable Values values;
    private final Kind kind;
    private boolean isNull = true;
    private long number;
    private double fraction;
    private @Nullable Binary binary;

    /** @param column null for one that the file does not have: all its values are null */
    ColumnCursor(@Nullable ColumnDescriptor column) {
        this.values = column == null ? null : new Values(column);
        this.kind = column == null ? Kind.INT : kind(column);
    }

    private static Kind kind(ColumnDescriptor column) {
        return switch (column.getPrimitiveType().getPrimitiveTypeName()) {
            case INT32 -> Kind.INT;
            case INT64 -> Kind.LONG;
            case FLOAT -> Kind.FLOAT;
            case DOUBLE -> Kind.DOUBLE;
            case BOOLEAN -> Kind.BOOLEAN;
            case BINARY, FIXED_LEN_BYTE_ARRAY, INT96 -> Kind.BINARY;
        };
    }

    public boolean isNull() {
        return isNull;
    }

    /** A whole number, a date, a time, a truth value (0 or 1), or the unscaled value of a decimal that fits. */
    public long asLong() {
        Binary bytes = binary;
        if (kind == Kind.BINARY && bytes != null) {
            return new BigInteger(bytes.getBytesUnsafe()).longValueExact();
        }
        return number;
    }

    public double asDouble() {
        return fraction;
    }

    /** The unscaled value of a decimal. */
    public BigInteger asUnscaled() {
        Binary bytes = binary;
        return kind == Kind.BINARY && bytes != null
                ? new BigInteger(bytes.getBytesUnsafe())
                : BigInteger.valueOf(number);
    }

    /** Bytes of a string, a UUID or plain bytes; they change with the next row. */
    public ByteBuffer asBytes() {
        return requireBinary().toByteBuffer();
    }

    /** As {@link #asBytes}; equal instances hold equal bytes within a row group, so identity is worth a look first. */
    Binary requireBinary() {
        Binary bytes = binary;
        if (bytes == null) {
            throw new IllegalStateException("the value is null or no bytes");
        }
        return bytes;
    }

    @Nullable
    Values values() {
        return values;
    }

    void advance() {
        Values from = values;
        if (from == null) {
            return;
        }
        isNull = from.nextIsNull();
        if (isNull) {
            from.skipNull();
            return;
        }
        switch (kind) {
            case INT -> number = from.nextInt();
            case LONG -> number = from.nextLong();
            case FLOAT -> fraction = from.nextFloat();
            case DOUBLE -> fraction = from.nextDouble();
            case BOOLEAN -> number = from.nextBoolean() ? 1 : 0;
            case BINARY -> binary = from.nextBinary();
        }
    }

    /** Iceberg's reader of the column's pages. */
    static final class Values extends ParquetValueReaders.PrimitiveReader<Object> {
        private final int full;

        Values(ColumnDescriptor column) {
            super(column);
            this.full = column.getMaxDefinitionLevel();
        }

        boolean nextIsNull() {
            return full > 0 && column.currentDefinitionLevel() < full;
        }

        void skipNull() {
            column.nextNull();
        }

        int nextInt() {
            return column.nextInteger();
        }

        long nextLong() {
            return column.nextLong();
        }

        float nextFloat() {
            return column.nextFloat();
        }

        double nextDouble() {
            return column.nextDouble();
        }

        boolean nextBoolean() {
            return column.nextBoolean();
        }

        Binary nextBinary() {
            return column.nextBinary();
        }

        @Override
        public void setPageSource(PageReadStore pages) {
            super.setPageSource(pages);
        }

        @Override
        public Object read(@Nullable Object reuse) {
            throw new UnsupportedOperationException("values are taken one by one");
        }
    }
}
