package io.firn.compaction.merge;

import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertLayout;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Types.NestedField;

/**
 * Whether a file of the keyed table, or of known deletes, holds only what every staged record comes after. Then no
 * position in it has to be read. Bounds say so: a lower order timestamp than any staged record's leaves only records of
 * the same partition with a higher offset, and those there cannot be, because offsets are merged in order.
 *
 * @param earliest the lowest timestamp of any staged record
 */
record Age(Schema schema, UpsertLayout layout, long earliest) {
    boolean isBefore(DataFile file) {
        if (layout.orderBy().isPresent()) {
            return false;
        }
        NestedField column = schema.findField(UpsertColumns.ORDER_TIMESTAMP);
        Map<Integer, ByteBuffer> upper = file.upperBounds();
        ByteBuffer bound = upper == null ? null : upper.get(column.fieldId());
        return bound != null && Conversions.<Long>fromByteBuffer(column.type(), bound) < earliest;
    }
}
