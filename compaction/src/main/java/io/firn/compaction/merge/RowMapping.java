package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.UpsertColumns;
import java.util.List;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/** Which column of one table becomes which of another: by name; the order timestamp is added where it is not there. */
final class RowMapping {
    static final int ABSENT = -1;
    static final int ORDER_TIMESTAMP = -2;

    private final int[] from;
    private final boolean[] widens;
    private final @Nullable Object[] absent;

    /** @throws FirnException {@code schema-mismatch} */
    RowMapping(Table source, Table target) {
        Schema read = source.schema();
        List<NestedField> columns = target.schema().columns();
        this.from = new int[columns.size()];
        this.widens = new boolean[columns.size()];
        this.absent = new Object[columns.size()];
        for (int i = 0; i < from.length; i++) {
            NestedField wanted = columns.get(i);
            NestedField there = read.asStruct().field(wanted.name());
            if (there != null) {
                from[i] = read.columns().indexOf(there);
                widens[i] = widens(there.type(), wanted.type());
                if (!widens[i] && !SchemaText.of(there.type()).equals(SchemaText.of(wanted.type()))) {
                    throw mismatch(source, target, wanted, "is " + SchemaText.of(there.type()) + " where it is staged");
                }
            } else if (wanted.name().equals(UpsertColumns.ORDER_TIMESTAMP)) {
                from[i] = ORDER_TIMESTAMP;
            } else {
                from[i] = ABSENT;
                absent[i] = wanted.writeDefault();
                if (wanted.isRequired() && wanted.writeDefault() == null) {
                    throw mismatch(source, target, wanted, "is required, and there is none staged");
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

    /** How many columns the target has. */
    int size() {
        return from.length;
    }

    /** The source's column, {@link #ABSENT} or {@link #ORDER_TIMESTAMP}. */
    int from(int column) {
        return from[column];
    }

    /** What a column that is {@link #ABSENT} gets: its {@code write-default}, or null. */
    @Nullable
    Object absent(int column) {
        return absent[column];
    }

    /** Whether the target's type is a wider one. */
    boolean widens(int column) {
        return widens[column];
    }
}
