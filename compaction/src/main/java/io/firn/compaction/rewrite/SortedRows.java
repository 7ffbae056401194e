package io.firn.compaction.rewrite;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.InternalData;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.CloseableIterator;
import org.apache.iceberg.io.FileAppender;

/**
 * Sorts rows that may not fit in memory: full buffers are sorted and written to local files, which are merged at the
 * end. Equal rows keep the order in which they came.
 */
final class SortedRows implements Closeable {
    /** Takes rows in order. */
    interface Sink {
        void accept(StructLike row) throws IOException;
    }

    private final Schema schema;
    private final Comparator<StructLike> order;
    private final int bufferedRows;
    private final Path scratch;
    private final List<Path> runs = new ArrayList<>();
    private List<StructLike> buffer = new ArrayList<>();

    /**
     * @param bufferedRows most rows held in memory
     * @param scratch existing folder for runs; they are removed when closed
     */
    SortedRows(Schema schema, Comparator<StructLike> order, int bufferedRows, Path scratch) {
        this.schema = schema;
        this.order = order;
        this.bufferedRows = bufferedRows;
        this.scratch = scratch;
    }

    /** The row must not change afterwards. */
    void add(StructLike row) throws IOException {
        if (buffer.size() == bufferedRows) {
            spill();
        }
        buffer.add(row);
    }

    /** Hands all rows over, in order, and forgets them. */
    void drainTo(Sink sink) throws IOException {
        buffer.sort(order);
        if (runs.isEmpty()) {
            for (StructLike row : buffer) {
                sink.accept(row);
            }
        } else {
            merge(sink);
        }
        buffer = new ArrayList<>();
    }

    private void spill() throws IOException {
        buffer.sort(order);
        Path run = Files.createTempFile(scratch, "sort-", ".avro");
        runs.add(run);
        try (FileAppender<StructLike> out = InternalData.write(
                        FileFormat.AVRO, org.apache.iceberg.Files.localOutput(run.toFile()))
                .schema(schema)
                .named("row")
                .overwrite()
                .build()) {
            out.addAll(buffer);
        }
        buffer = new ArrayList<>(bufferedRows);
    }

    private void merge(Sink sink) throws IOException {
        List<CloseableIterable<StructLike>> open = new ArrayList<>();
        PriorityQueue<Head> heads = new PriorityQueue<>();
        try {
            for (Path run : runs) {
                CloseableIterable<StructLike> rows = InternalData.read(
                                FileFormat.AVRO, org.apache.iceberg.Files.localInput(run.toFile()))
                        .project(schema)
                        .build();
                open.add(rows);
                enqueue(heads, new Head(order, heads.size(), rows.iterator()));
            }
            enqueue(heads, new Head(order, heads.size(), CloseableIterator.withClose(buffer.iterator())));
            while (!heads.isEmpty()) {
                Head least = heads.remove();
                sink.accept(least.row());
                enqueue(heads, least);
            }
        } finally {
            for (CloseableIterable<StructLike> each : open) {
                each.close();
            }
        }
    }

    private static void enqueue(PriorityQueue<Head> heads, Head head) {
        if (head.advance()) {
            heads.add(head);
        }
    }

    @Override
    public void close() throws IOException {
        buffer = new ArrayList<>();
        for (Path run : runs) {
            Files.deleteIfExists(run);
        }
        runs.clear();
    }

    /** The next row of one run. */
    private static final class Head implements Comparable<Head> {
        private final Comparator<StructLike> order;
        private final int run;
        private final CloseableIterator<StructLike> rows;
        private StructLike[] next = {};

        Head(Comparator<StructLike> order, int run, CloseableIterator<StructLike> rows) {
            this.order = order;
            this.run = run;
            this.rows = rows;
        }

        boolean advance() {
            boolean more = rows.hasNext();
            next = more ? new StructLike[] {rows.next()} : new StructLike[] {};
            return more;
        }

        StructLike row() {
            return next[0];
        }

        @Override
        public int compareTo(Head other) {
            int byOrder = order.compare(row(), other.row());
            return byOrder != 0 ? byOrder : Integer.compare(run, other.run);
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return run;
        }
    }
}
