package io.firn.compaction.scan;

import org.apache.iceberg.deletes.Deletes;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.io.CloseableIterable;

/** Sets of positions in one data file, compressed. */
public final class PositionDeletes {
    private PositionDeletes() {}

    /** An empty set that positions can be added to. */
    public static PositionDeleteIndex none() {
        return Deletes.toPositionIndex(CloseableIterable.empty());
    }
}
