package io.firn.catalog.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.InputFile;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/**
 * Reads every value of a Parquet file with Parquet's own reader and checks that it is whole: each page decodes and has
 * the checksum that it was written with, the columns have the entries that the rows demand, and the footer's counts and
 * bounds hold. Holds one column of one row group in memory.
 */
public final class FileCheck {
    /** After so many the file is damaged beyond what a list could add. */
    private static final int MAX_FAULTS = 20;

    private static final List<Fault> MISSING = List.of(fault(-1, "", "does not exist"));

    private static final int ENTRIES_BETWEEN_CALLS = 1 << 16;

    private final ParquetInput input;
    private final Runnable underWay;
    private final List<Fault> faults = new ArrayList<>();
    private final List<ColumnTotals> columns = new ArrayList<>();
    private long rows;
    private long entries;
    private @Nullable RuntimeException stopped;

    /** @param rowGroup index in the file, from 0; -1 for the file as a whole */
    public record Fault(int rowGroup, ColumnFault fault) {
        @Override
        public String toString() {
            return rowGroup < 0 ? fault.toString() : "row group " + rowGroup + ": " + fault;
        }
    }

    /** What was read. */
    public static final class Result {
        private final long rows;
        private final long entries;
        private final List<ColumnTotals> columns;
        private final List<Fault> faults;

        private Result(long rows, long entries, List<ColumnTotals> columns, List<Fault> faults) {
            this.rows = rows;
            this.entries = entries;
            this.columns = List.copyOf(columns);
            this.faults = List.copyOf(faults);
        }

        public long rows() {
            return rows;
        }

        /** Values and nulls of all columns. */
        public long entries() {
            return entries;
        }

        /** Whether the store has no such file. */
        public boolean isMissing() {
            return faults.equals(MISSING);
        }

        /** What is wrong with the file; empty if nothing is. */
        public List<Fault> faults() {
            return faults;
        }

        /** Per column, in the file's order; empty if the file has faults. */
        List<ColumnTotals> columns() {
            return columns;
        }

        private Result with(List<Fault> found) {
            return new Result(rows, entries, columns, found);
        }
    }

    private FileCheck(Supplier<InputFile> file, Runnable underWay) {
        this.input = new ParquetInput(file);
        this.underWay = underWay;
    }

    /**
     * Reads the file.
     *
     * @param file opens it
     * @param entry of the table's manifest, whose counts and bounds must hold as well
     * @param underWay is called now and then; what it throws ends the reading
     * @throws UncheckedIOException if the store fails; a damaged or missing file is a fault
     */
    public static Result of(Supplier<InputFile> file, ContentFile<?> entry, Runnable underWay) {
        Result found = new FileCheck(file, underWay).run();
        return found.faults().isEmpty() ? found.with(ManifestFaults.of(entry, found)) : found;
    }

    private Result run() {
        ParquetReadOptions options = ParquetReadOptions.builder(new PlainParquetConfiguration())
                .usePageChecksumVerification(true)
                .build();
        try (ParquetFileReader reader = ParquetFileReader.open(input, options)) {
            MessageType schema = reader.getFooter().getFileMetaData().getSchema();
            schema.getColumns().forEach(column -> columns.add(new ColumnTotals(column)));
            List<BlockMetaData> rowGroups = reader.getRowGroups();
            for (int group = 0; group < rowGroups.size() && faults.size() < MAX_FAULTS; group++) {
                read(reader, schema, group, rowGroups.get(group));
            }
        } catch (IOException | RuntimeException e) {
            damaged(-1, "", e);
        }
        return new Result(rows, entries, faults.isEmpty() ? columns : List.of(), faults);
    }

    private void read(ParquetFileReader reader, MessageType schema, int group, BlockMetaData rowGroup) {
        rows += rowGroup.getRowCount();
        ColumnAgreement agreement = new ColumnAgreement(schema);
        List<ColumnFault> found = agreement.faults(rowGroup);
        List<LevelCounts> counts = new ArrayList<>();
        int before = faults.size();
        if (rowGroup.getColumns().size() == schema.getColumns().size()) {
            for (int column = 0; column < schema.getColumns().size() && faults.size() < MAX_FAULTS; column++) {
                counts.add(read(
                        reader, schema, group, column, rowGroup.getColumns().get(column)));
            }
        }
        // What the footer says as well is reported once.
        if (found.isEmpty() && faults.size() == before) {
            found = agreement.faults(counts, rowGroup.getRowCount());
        }
        found.forEach(fault -> faults.add(new Fault(group, fault)));
    }

    private LevelCounts read(
            ParquetFileReader reader, MessageType schema, int group, int column, ColumnChunkMetaData chunk) {
        ColumnDescriptor descriptor = schema.getColumns().get(column);
        LevelCounts counts = new LevelCounts(descriptor);
        ColumnValues values = new ColumnValues(schema, descriptor);
        String name = String.join(".", descriptor.getPath());
        reader.setRequestedSchema(List.of(descriptor));
        try (PageReadStore pages = reader.readRowGroup(group)) {
            ColumnReader in = new ColumnReadStoreImpl(
                            pages,
                            values.root(),
                            schema,
                            reader.getFileMetaData().getCreatedBy())
                    .getColumnReader(descriptor);
            long total = in.getTotalValueCount();
            if (total != chunk.getValueCount()) {
                faults.add(fault(
                        group, name, "has pages with " + total + " entries, the footer says " + chunk.getValueCount()));
            }
            read(in, descriptor, total, counts);
            compare(group, name, chunk, values);
            columns.get(column).add(total, values);
            entries += total;
        } catch (IOException | RuntimeException e) {
            damaged(group, name, e);
        }
        step();
        return counts;
    }

    private void read(ColumnReader in, ColumnDescriptor column, long total, LevelCounts counts) {
        int deepest = column.getMaxDefinitionLevel();
        for (long entry = 0; entry < total; entry++) {
            int definition = in.getCurrentDefinitionLevel();
            counts.add(in.getCurrentRepetitionLevel(), definition);
            if (definition == deepest) {
                in.writeCurrentValueToConverter();
            }
            in.consume();
            if ((entry + 1) % ENTRIES_BETWEEN_CALLS == 0) {
                step();
            }
        }
    }

    private void compare(int group, String name, ColumnChunkMetaData chunk, ColumnValues values) {
        Statistics<?> footer = chunk.getStatistics();
        if (footer == null || footer.isEmpty()) {
            return;
        }
        long nulls = chunk.getValueCount() - values.count();
        if (footer.isNumNullsSet() && footer.getNumNulls() != nulls) {
            faults.add(fault(group, name, "has " + nulls + " nulls, the footer says " + footer.getNumNulls()));
        }
        if (footer.hasNonNullValue() && !values.areWithin(footer)) {
            faults.add(fault(
                    group,
                    name,
                    "has values outside of the footer's bounds, " + footer.minAsString() + " to "
                            + footer.maxAsString()));
        }
    }

    /** Lets the caller know, and end the reading. */
    private void step() {
        try {
            underWay.run();
        } catch (RuntimeException e) {
            stopped = e;
            throw e;
        }
    }

    private static Fault fault(int group, String column, String what) {
        return new Fault(group, new ColumnFault(column, what));
    }

    private void damaged(int group, String column, Exception failure) {
        Exception store = input.storeFailure();
        if (stopped != null) {
            throw stopped;
        }
        if (store instanceof NotFoundException) {
            faults.clear();
            faults.addAll(MISSING);
        } else if (store != null) {
            throw store instanceof IOException
                    ? new UncheckedIOException((IOException) store)
                    : (RuntimeException) store;
        } else {
            faults.add(fault(group, column, "cannot be decoded: " + failure));
        }
    }
}
