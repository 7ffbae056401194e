package io.firn.catalog.parquet;

import java.util.Comparator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** Takes the values of one column of a row group: their number and their bounds. */
final class ColumnValues extends PrimitiveConverter {
    private final MessageType schema;
    private final Statistics<?> bounds;
    private long count;

    ColumnValues(MessageType schema, ColumnDescriptor column) {
        this.schema = schema;
        this.bounds = Statistics.createStats(column.getPrimitiveType());
    }

    /** Converter of the file's rows: whatever column is read, its values come here. */
    GroupConverter root() {
        return new Group(schema);
    }

    long count() {
        return count;
    }

    /** Bounds of the values other than NaN. */
    Statistics<?> bounds() {
        return bounds;
    }

    boolean areWithin(Statistics<?> footer) {
        return bounds.isEmpty() || !bounds.hasNonNullValue() || areWithin(footer, bounds);
    }

    @SuppressWarnings("unchecked") // both are of the column's type
    private static <T extends Comparable<T>> boolean areWithin(Statistics<?> outer, Statistics<T> inner) {
        Comparator<T> order = inner.comparator();
        Statistics<T> footer = (Statistics<T>) outer;
        return order.compare(footer.genericGetMin(), inner.genericGetMin()) <= 0
                && order.compare(inner.genericGetMax(), footer.genericGetMax()) <= 0;
    }

    @Override
    public void addInt(int value) {
        count++;
        bounds.updateStats(value);
    }

    @Override
    public void addLong(long value) {
        count++;
        bounds.updateStats(value);
    }

    @Override
    public void addBoolean(boolean value) {
        count++;
        bounds.updateStats(value);
    }

    @Override
    public void addFloat(float value) {
        count++;
        if (!Float.isNaN(value)) {
            bounds.updateStats(value);
        }
    }

    @Override
    public void addDouble(double value) {
        count++;
        if (!Double.isNaN(value)) {
            bounds.updateStats(value);
        }
    }

    @Override
    public void addBinary(Binary value) {
        count++;
        bounds.updateStats(value);
    }

    private final class Group extends GroupConverter {
        private final GroupType type;

        Group(GroupType type) {
            this.type = type;
        }

        @Override
        public Converter getConverter(int field) {
            Type inner = type.getType(field);
            return inner.isPrimitive() ? ColumnValues.this : new Group(inner.asGroupType());
        }

        /** Columns are read one by one, not put together to rows. */
        @Override
        public void start() {
            // nothing to do
        }

        @Override
        public void end() {
            // nothing to do
        }
    }
}
