package io.firn.ingest.backfill;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.deletes.PositionDeleteIndex;

/** Takes the rows out for which there are others; what Kafka did not deliver stays, it cannot be written again. */
final class OldRows implements LiveRows.Seen {
    private final ChunkOffsets written;
    private final RowDeletes deletes;
    private PositionDeleteIndex positions = RowDeletes.noPositions();
    private long replacedHere;
    private long replaced;
    private long kept;

    /** @param written offsets that have another row */
    OldRows(ChunkOffsets written, RowDeletes deletes) {
        this.written = written;
        this.deletes = deletes;
    }

    /** Rows that were taken out. */
    long replaced() {
        return replaced;
    }

    /** Rows of the spans that stay. */
    long kept() {
        return kept;
    }

    @Override
    public void row(int partition, long offset, long position) {
        if (written.contains(partition, offset)) {
            positions.delete(position);
            replacedHere++;
        } else {
            kept++;
        }
    }

    @Override
    public void end(FileScanTask file, long live) {
        if (replacedHere == 0) {
            return;
        }
        if (replacedHere == live) {
            deletes.drop(file);
        } else {
            mark(file);
        }
        replaced += replacedHere;
        replacedHere = 0;
        positions = RowDeletes.noPositions();
    }

    private void mark(FileScanTask file) {
        try {
            deletes.mark(file, positions);
        } catch (IOException failed) {
            throw new UncheckedIOException(
                    "cannot write deletes of " + file.file().location(), failed);
        }
    }
}
