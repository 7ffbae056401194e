package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.UpsertColumns;
import java.util.List;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/** A row of one table as a row of another: columns by name, the order timestamp added. Reused from row to row. */
final class OutputRow implements StructLike {
    private static final int ABSENT = -1;
    private static final int ORDER_TIMESTAMP = -2;

    private final int[] from;
    private final boolean[] widens;
    private @Nullable StructLike row;
    private long orderTimestamp;

    /**
     * @param read what rows are read with, in this order
     * @throws FirnException {@code schema-mismatch}
     */
    OutputRow(Table source, Schema read, Table target) {
        List<NestedField> columns = target.schema().columns();
        this.from = new int[columns.size()];
        this.widens = new boolean[columns.size()];
        for (int i = 0; i < from.length; i++) {
            NestedField wanted = columns.get(i);
            NestedField there = read.asStruct().field(wanted.name());
            if (wanted.name().equals(UpsertColumns.ORDER_TIMESTAMP)) {
                from[i] = ORDER_TIMESTAMP;
            } else if (there == null) {
                from[i] = ABSENT;
                if (wanted.isRequired()) {
                    throw mismatch(source, target, wanted, "is required, and there is none staged");
                }
            } else {
                from[i] = read.columns().indexOf(there);
                widens[i] = widens(there.type(), wanted.type());
                if (!widens[i] && !SchemaText.of(there.type()).equals(SchemaText.of(wanted.type()))) {
                    throw mismatch(source, target, wanted, "is " + SchemaText.of(there.type()) + " where it is staged");
                }
            }
        }
    }

    private static boolean widens(Type from, Type to) {
        return from.isPrimitiveType()
                && to.isPrimitiveType()
                && !from.equals(to)
                && TypeUtil.isPromotionAllowed(from, to.asPrimitiveType());
    }

    private static FirnException mismatch(Table source, Table target, NestedField column, String what) {
        return FirnException.user(
                "schema-mismatch",
                "column '" + column.name() + "' " + SchemaText.of(column.type()) + " " + what,
                "tables " + target.name() + " and " + source.name(),
                "alter one of the tables so that their columns agree");
    }

    /** @param timestamp order timestamp, microseconds */
    OutputRow set(StructLike of, long timestamp) {
        row = of;
        orderTimestamp = timestamp;
        return this;
    }

    @Override
    public int size() {
        return from.length;
    }

    @Override
    public <T> @Nullable T get(int position, Class<T> type) {
        int at = from[position];
        StructLike current = row;
        if (at == ABSENT || current == null) {
            return null;
        }
        if (at == ORDER_TIMESTAMP) {
            return type.cast(orderTimestamp);
        }
        Object value = current.get(at, Object.class);
        return type.cast(widens[position] ? widened(value) : value);
    }

    private static @Nullable Object widened(@Nullable Object value) {
        if (value instanceof Integer) {
            return ((Integer) value).longValue();
        }
        if (value instanceof Float) {
            return ((Float) value).doubleValue();
        }
        return value;
    }

    @Override
    public <T> void set(int position, T value) {
        throw new UnsupportedOperationException("a view");
    }
}
