package io.firn.deploy.audit;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataOperations;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.io.CloseableIterable;
import org.jspecify.annotations.Nullable;

/**
 * Topics that were deleted and created again: a row has no topic id, so offset 5 may be in the table once for each of
 * them. The ancestors of the head still tell: the last one whose ledger holds an earlier id says how far that topic
 * went, and what was appended up to it is of that topic. Files that were rewritten later may hold rows of several.
 *
 * <p>Eight bytes and a map entry for each file of an earlier topic; nothing where no topic was created again.
 */
final class EarlierTopics {
    /** Of a file that may hold rows of several incarnations. */
    private static final long MIXED = -1;

    /** @param lastSequence of the last snapshot whose ledger held it */
    private record Earlier(PartitionAudit found, long lastSequence) {}

    /** By partition's name, the latest first. */
    private final Map<String, List<Earlier>> earlier = new HashMap<>();

    /** Sequence numbers by the hash of a file's location; files that are not here hold rows of today's topics. */
    private final Map<Long, Long> sequences = new HashMap<>();

    private String lastFile = "";
    private long lastFileSequence = Long.MAX_VALUE;

    private EarlierTopics() {}

    static EarlierTopics read(
            Table table, Snapshot head, String pipeline, SortedMap<SourcePartition, PartitionEntry> now) {
        EarlierTopics topics = new EarlierTopics();
        Map<String, String> ids = new HashMap<>();
        now.keySet().forEach(partition -> ids.put(partition.topic(), partition.topicId()));
        for (Snapshot each = head; each != null; each = parent(table, each)) {
            String ledger = each.summary().getOrDefault(LedgerKeys.OFFSETS, "");
            // Nearly every snapshot holds the same ids as the one after it, and parsing thousands takes its time.
            if (!ledger.isEmpty() && !ids.values().stream().allMatch(ledger::contains)) {
                topics.compare(
                        LedgerCodec.read(ledger, "snapshot " + each.snapshotId()),
                        pipeline,
                        ids,
                        each.sequenceNumber());
            }
        }
        if (!topics.earlier.isEmpty()) {
            topics.readFiles(table, head);
        }
        return topics;
    }

    private static @Nullable Snapshot parent(Table table, Snapshot snapshot) {
        Long parent = snapshot.parentId();
        return parent == null ? null : table.snapshot(parent);
    }

    private void compare(Ledger ledger, String pipeline, Map<String, String> ids, long sequence) {
        Map<String, String> changed = new HashMap<>();
        ledger.partitions(pipeline).forEach((partition, entry) -> {
            String id = ids.get(partition.topic());
            if (id != null && !id.equals(partition.topicId())) {
                changed.put(partition.topic(), partition.topicId());
                OffsetRange delivered = new OffsetRange(entry.start(), entry.next());
                earlier.computeIfAbsent(partition.toString(), name -> new ArrayList<>())
                        .add(new Earlier(PartitionAudit.ofEarlierTopic(partition, delivered, entry.gaps()), sequence));
            }
        });
        ids.putAll(changed);
    }

    private void readFiles(Table table, Snapshot head) {
        LongSummaryStatistics ends = earlier.values().stream()
                .flatMap(List::stream)
                .mapToLong(Earlier::lastSequence)
                .summaryStatistics();
        Set<Long> appends = new HashSet<>();
        table.snapshots().forEach(snapshot -> {
            if (DataOperations.APPEND.equals(snapshot.operation())) {
                appends.add(snapshot.sequenceNumber());
            }
        });
        try (CloseableIterable<FileScanTask> tasks =
                table.newScan().useSnapshot(head.snapshotId()).planFiles()) {
            tasks.forEach(task -> {
                long sequence = sequence(task.file(), appends, ends.getMin());
                if (sequence <= ends.getMax()) {
                    sequences.put(TableRows.hash(task.file().location()), sequence);
                }
            });
        } catch (IOException failed) {
            throw FirnException.external(
                    "table-unreadable", "the table cannot be read: " + failed.getMessage(), table.name(), "", failed);
        }
    }

    /** That of the snapshot that added the file, where all that it holds is of one incarnation. */
    private static long sequence(DataFile file, Set<Long> appends, long firstEnd) {
        Long added = file.fileSequenceNumber();
        if (added == null || added == 0) {
            return MIXED;
        }
        return appends.contains(added) || added <= firstEnd ? added : MIXED;
    }

    boolean isEmpty() {
        return earlier.isEmpty();
    }

    /** Their partitions, each as far as it was delivered. */
    List<PartitionAudit> partitions() {
        return earlier.values().stream()
                .flatMap(List::stream)
                .map(Earlier::found)
                .toList();
    }

    boolean haveMixedFiles() {
        return sequences.containsValue(MIXED);
    }

    boolean isMixed(String file) {
        return sequence(file) == MIXED;
    }

    /**
     * Windows over a partition's history begin where its first incarnation does, so that they are of the same offsets.
     */
    void align(Collection<PartitionAudit> current) {
        current.forEach(found -> {
            List<Earlier> before = earlier.getOrDefault(found.partition().toString(), List.of());
            long base = before.stream()
                    .mapToLong(each -> each.found().delivered().start())
                    .reduce(found.delivered().start(), Math::min);
            found.windowsFrom(base);
            before.forEach(each -> each.found().windowsFrom(base));
        });
    }

    /**
     * Whose row it is, by the file alone.
     *
     * @param current the partition of that name in today's ledger, if it is there
     */
    @Nullable
    PartitionAudit owner(@Nullable PartitionAudit current, String name, String file) {
        PartitionAudit owner = current;
        for (Earlier each : earlier.getOrDefault(name, List.of())) {
            owner = sequence(file) <= each.lastSequence() ? each.found() : owner;
        }
        return owner;
    }

    /** Whose row it can be, in a file that may hold rows of several incarnations; today's first. */
    List<PartitionAudit> owners(@Nullable PartitionAudit current, String name) {
        List<PartitionAudit> owners = new ArrayList<>();
        if (current != null) {
            owners.add(current);
        }
        earlier.getOrDefault(name, List.of()).forEach(each -> owners.add(each.found()));
        return owners;
    }

    private long sequence(String file) {
        if (!file.equals(lastFile)) {
            lastFile = file;
            lastFileSequence = sequences.getOrDefault(TableRows.hash(file), Long.MAX_VALUE);
        }
        return lastFileSequence;
    }
}
