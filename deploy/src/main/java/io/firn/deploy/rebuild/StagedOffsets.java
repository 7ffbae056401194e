package io.firn.deploy.rebuild;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;

/** Which offsets of some spans have a row in the staging table. Memory grows with the runs of offsets found. */
final class StagedOffsets {
    static final StagedOffsets NONE = new StagedOffsets();

    private final Map<SourcePartition, TreeMap<Long, Long>> runs = new HashMap<>();

    private StagedOffsets() {}

    /**
     * Reads the source columns of the table's head.
     *
     * @param wanted spans by partition
     * @param oldest by topic the ID of its oldest incarnation, to which rows without a topic ID belong
     */
    static StagedOffsets read(
            Table staging, SortedMap<SourcePartition, OffsetRange> wanted, Map<String, String> oldest) {
        StagedOffsets found = new StagedOffsets();
        if (wanted.isEmpty() || staging.currentSnapshot() == null) {
            return found;
        }
        boolean hasIds = staging.schema().findField(UpsertColumns.TOPIC_ID) != null;
        List<String> columns =
                new ArrayList<>(List.of(SourceColumns.TOPIC, SourceColumns.PARTITION, SourceColumns.OFFSET));
        if (hasIds) {
            columns.add(UpsertColumns.TOPIC_ID);
        }
        try (CloseableIterable<Record> rows = IcebergGenerics.read(staging)
                .select(columns.toArray(String[]::new))
                .where(filter(wanted))
                .reuseContainers()
                .build()) {
            for (Record row : rows) {
                String topic = String.valueOf(row.getField(SourceColumns.TOPIC));
                Object id = hasIds ? row.getField(UpsertColumns.TOPIC_ID) : null;
                SourcePartition partition = new SourcePartition(
                        topic, id == null ? oldest.getOrDefault(topic, "") : id.toString(), (Integer)
                                row.getField(SourceColumns.PARTITION));
                OffsetRange span = wanted.get(partition);
                long offset = (Long) row.getField(SourceColumns.OFFSET);
                if (span != null && offset >= span.start() && offset < span.end()) {
                    found.add(partition, offset);
                }
            }
        } catch (IOException failed) {
            throw FirnException.external(
                    "table-unreadable",
                    "the staged rows cannot be read: " + failed.getMessage(),
                    "table " + staging.name(),
                    "try again",
                    failed);
        }
        return found;
    }

    private static Expression filter(SortedMap<SourcePartition, OffsetRange> wanted) {
        Expression any = Expressions.alwaysFalse();
        for (Map.Entry<SourcePartition, OffsetRange> each : wanted.entrySet()) {
            any = Expressions.or(
                    any,
                    Expressions.and(
                            Expressions.equal(SourceColumns.TOPIC, each.getKey().topic()),
                            Expressions.equal(
                                    SourceColumns.PARTITION, each.getKey().partition()),
                            Expressions.greaterThanOrEqual(
                                    SourceColumns.OFFSET, each.getValue().start()),
                            Expressions.lessThan(
                                    SourceColumns.OFFSET, each.getValue().end())));
        }
        return any;
    }

    private void add(SourcePartition partition, long offset) {
        TreeMap<Long, Long> ends = runs.computeIfAbsent(partition, any -> new TreeMap<>());
        Map.Entry<Long, Long> before = ends.floorEntry(offset);
        if (before != null && before.getValue() > offset) {
            return;
        }
        Long after = ends.remove(offset + 1);
        long end = after == null ? offset + 1 : after;
        if (before != null && before.getValue() == offset) {
            ends.put(before.getKey(), end);
        } else {
            ends.put(offset, end);
        }
    }

    boolean isAny(SourcePartition partition) {
        return runs.containsKey(partition);
    }

    /** Returns the spans of the partition that have a row, ascending. */
    List<OffsetRange> of(SourcePartition partition) {
        List<OffsetRange> spans = new ArrayList<>();
        runs.getOrDefault(partition, new TreeMap<>()).forEach((start, end) -> spans.add(new OffsetRange(start, end)));
        return spans;
    }
}
