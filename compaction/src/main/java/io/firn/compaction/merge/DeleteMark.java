package io.firn.compaction.merge;

import io.firn.compaction.scan.ColumnCursor;
import io.firn.compaction.scan.RowCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Binder;
import org.apache.iceberg.expressions.Evaluator;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/** Whether a staged record says that its key is gone: an expression over its columns, as {@code op = 'd'}. */
final class DeleteMark {
    private final Evaluator evaluator;
    private final List<NestedField> fields = new ArrayList<>();
    private final int[] columns;
    private final View view = new View();
    private @Nullable RowCursor row;

    /** Adds the columns that the expression is about to those that are read. */
    DeleteMark(Table staging, Expression when, RecordColumns read) {
        Schema schema = staging.schema();
        Set<Integer> ids = new TreeSet<>(Binder.boundReferences(schema.asStruct(), List.of(when), true));
        ids.forEach(id -> fields.add(schema.findField(id)));
        this.columns = fields.stream()
                .mapToInt(field -> read.add(staging, field.name()))
                .toArray();
        this.evaluator = new Evaluator(Types.StructType.of(fields), when);
    }

    boolean isSet(RowCursor of) {
        row = of;
        return evaluator.eval(view);
    }

    private final class View implements StructLike {
        @Override
        public int size() {
            return columns.length;
        }

        @Override
        public <T> @Nullable T get(int position, Class<T> type) {
            RowCursor current = row;
            ColumnCursor value = current == null ? null : current.column(columns[position]);
            return value == null
                    ? null
                    : type.cast(value.asObject(fields.get(position).type()));
        }

        @Override
        public <T> void set(int position, T value) {
            throw new UnsupportedOperationException("a view");
        }
    }
}
