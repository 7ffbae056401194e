package io.firn.compaction.merge;

import io.firn.compaction.scan.PositionDeletes;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.jspecify.annotations.Nullable;

/**
 * A file of the keyed table in which rows die.
 *
 * @param before its rows that were dead already, however; null where none was
 * @param now those that die by this merge
 */
record Touched(FileScanTask task, @Nullable PositionDeleteIndex before, PositionDeleteIndex now) {
    static Touched by(FileScanTask task, @Nullable PositionDeleteIndex before) {
        return new Touched(task, before, PositionDeletes.none());
    }

    long deadAfter() {
        return now.cardinality() + (before == null ? 0 : before.cardinality());
    }
}
