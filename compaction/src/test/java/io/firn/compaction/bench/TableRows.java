package io.firn.compaction.bench;

import io.firn.catalog.Catalogs;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;

/**
 * What an engine made of a table. {@code head DIR TABLE} prints the current snapshot; {@code rows DIR TABLE BASE FILE}
 * writes the sorted 64-bit hashes of all rows, read with Iceberg's own reader, to a file, so that two engines' results
 * can be compared row by row whatever their order, and prints what was written since snapshot BASE.
 */
final class TableRows {
    private static final long FACTOR = 0x9E3779B97F4A7C15L;

    private TableRows() {}

    public static void main(String[] args) throws IOException {
        Path dir = Path.of(args[1]);
        Catalog catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + dir.resolve("catalog.db"),
                "warehouse", "file:" + dir.resolve("warehouse")));
        Table table = catalog.loadTable(TableIdentifier.parse(args[2]));
        if (args[0].equals("head")) {
            System.out.println(table.currentSnapshot().snapshotId());
        } else {
            written(table, Long.parseLong(args[3]));
            rows(table, Path.of(args[4]));
        }
        ((Closeable) catalog).close();
    }

    private static void written(Table table, long base) {
        long bytes = 0;
        int snapshots = 0;
        Snapshot at = table.currentSnapshot();
        while (at != null && at.snapshotId() != base) {
            bytes += Long.parseLong(at.summary().getOrDefault(SnapshotSummary.ADDED_FILE_SIZE_PROP, "0"));
            snapshots++;
            Long parent = at.parentId();
            at = parent == null ? null : table.snapshot(parent);
        }
        System.out.println("written " + bytes);
        System.out.println("snapshots " + snapshots);
    }

    private static void rows(Table table, Path file) throws IOException {
        long[] hashes = new long[1 << 16];
        int count = 0;
        try (CloseableIterable<Record> records = IcebergGenerics.read(table).build()) {
            // Readers that apply deletes hand out further columns, after the table's own.
            int columns = table.schema().columns().size();
            for (Record record : records) {
                if (count == hashes.length) {
                    hashes = Arrays.copyOf(hashes, count + count / 2);
                }
                hashes[count++] = hash(record, columns);
            }
        }
        Arrays.sort(hashes, 0, count);
        try (DataOutputStream out =
                new DataOutputStream(new java.io.BufferedOutputStream(Files.newOutputStream(file), 1 << 16))) {
            for (int i = 0; i < count; i++) {
                out.writeLong(hashes[i]);
            }
        }
        System.out.println("rows " + count);
    }

    private static long hash(Record record, int columns) {
        long hash = 0;
        for (int i = 0; i < columns; i++) {
            Object value = record.get(i);
            hash = mix(hash + FACTOR ^ (value == null ? i : value(value)));
        }
        return hash;
    }

    private static long value(Object value) {
        if (!(value instanceof String)) {
            return mix(value instanceof Long ? (Long) value : value.hashCode());
        }
        String text = (String) value;
        long hash = text.length();
        for (int i = 0; i < text.length(); i++) {
            hash = hash * 31 + text.charAt(i);
        }
        return mix(hash);
    }

    private static long mix(long bits) {
        long mixed = (bits ^ bits >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d0_49bb_1331_11ebL;
        return mixed ^ mixed >>> 31;
    }
}
