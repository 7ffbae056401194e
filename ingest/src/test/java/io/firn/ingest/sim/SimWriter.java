package io.firn.ingest.sim;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.BatchWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.jspecify.annotations.Nullable;

/** Files that hold the positions of their rows. Null values are counted. */
final class SimWriter implements BatchWriter {
    private final SimFiles files;
    private final Lifeline lifeline;
    private final List<Position> rows = new ArrayList<>();
    private boolean broken;

    SimWriter(SimFiles files, Lifeline lifeline) {
        this.files = files;
        this.lifeline = lifeline;
    }

    @Override
    public Written write(
            SourcePartition partition,
            long offset,
            long timestampMillis,
            byte[] bytes,
            int start,
            int length,
            @Nullable ByteBuffer key) {
        checkWhole();
        if (length < 0) {
            return Written.NULL_VALUE_COUNTED;
        }
        rows.add(new Position(partition, offset));
        return Written.ROW;
    }

    @Override
    public long bufferedBytes() {
        return rows.size();
    }

    @Override
    public long fileBytes() {
        return rows.size();
    }

    @Override
    public List<DataFile> seal() {
        checkWhole();
        if (rows.isEmpty()) {
            return List.of();
        }
        lifeline.pass(Lifeline.Step.WRITE);
        if (files.isAway()) {
            broken = true;
            throw new RuntimeIOException("the store is away");
        }
        DataFile file = files.write(rows);
        rows.clear();
        lifeline.pass(Lifeline.Step.HAND_OVER);
        return List.of(file);
    }

    @Override
    public void discard() {
        rows.clear();
        broken = false;
    }

    private void checkWhole() {
        if (broken) {
            throw new AssertionError("a writer is used that failed before and was not discarded");
        }
    }
}
