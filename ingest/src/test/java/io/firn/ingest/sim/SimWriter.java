package io.firn.ingest.sim;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.FileSchema;
import io.firn.catalog.schema.FileSchema.Values;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.SealedFiles;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.jspecify.annotations.Nullable;

/** Files that hold the positions of their rows, and the columns that they were written for. Null values are counted. */
final class SimWriter implements BatchWriter {
    private final SimFiles files;
    private final Lifeline lifeline;
    private final Supplier<Table> latest;
    private final List<Position> rows = new ArrayList<>();
    private Table bound;
    private boolean isEmpty = true;
    private boolean unknownFields;
    private boolean broken;

    SimWriter(SimFiles files, Lifeline lifeline, Supplier<Table> latest) {
        this.files = files;
        this.lifeline = lifeline;
        this.latest = latest;
        this.bound = latest.get();
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
        begin();
        if (length < 0) {
            return Written.NULL_VALUE_COUNTED;
        }
        Position position = new Position(partition, offset);
        unknownFields |= SimRecords.hasUnknown(position, bound.schema());
        SimRecords.row(position, bound.schema());
        rows.add(position);
        return Written.ROW;
    }

    private void begin() {
        if (isEmpty) {
            bound = latest.get();
            isEmpty = false;
        }
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
    public SealedFiles seal() {
        checkWhole();
        begin();
        FileSchema schema = FileSchema.of(bound, unknownFields ? Values.BY_NAME_IN_PART : Values.BY_NAME);
        if (rows.isEmpty()) {
            forget();
            return new SealedFiles(List.of(), schema);
        }
        lifeline.pass(Lifeline.Step.WRITE);
        if (files.isAway()) {
            broken = true;
            throw new RuntimeIOException("the store is away");
        }
        DataFile file = files.write(rows, bound);
        forget();
        lifeline.pass(Lifeline.Step.HAND_OVER);
        return new SealedFiles(List.of(file), schema);
    }

    @Override
    public void discard() {
        forget();
        broken = false;
    }

    private void forget() {
        rows.clear();
        isEmpty = true;
        unknownFields = false;
    }

    @Override
    public boolean isOutdated() {
        return !bound.schema().sameSchema(latest.get().schema());
    }

    private void checkWhole() {
        if (broken) {
            throw new AssertionError("a writer is used that failed before and was not discarded");
        }
    }
}
