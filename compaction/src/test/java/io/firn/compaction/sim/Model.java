package io.firn.compaction.sim;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerReader.PropertyFallback;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.fold.NaiveFold.Event;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.io.FileIO;
import org.jspecify.annotations.Nullable;

/**
 * Says what the tables must show and holds it against what they show. Follows every snapshot of the keyed table with a
 * {@link Truth}; knows the log, and nothing of how the jobs go about it.
 */
final class Model {
    static final String KEYED = "orders";
    static final String STAGING = "orders_staging";
    static final String DELETES = "orders_deletes";
    static final String PIPELINE = "orders";
    /** Summary key of another engine's commit: keys of which it deleted the rows. */
    static final String DELETED_KEYS = "sim.deleted-keys";

    private final SimTables tables;
    private final SimLog log;
    private final SimRows rows;
    private final boolean versioned;
    private final FileIO io;
    private final ReferencedFiles references;
    private final Map<Long, Truth> truths = new HashMap<>();
    private final Map<Long, Ledger> staged = new HashMap<>();
    private Map<String, List<Known>> facts = new HashMap<>();
    /** Known deletes by position, those that were lost included. */
    private final Map<String, Row> everKnown = new TreeMap<>();

    private Set<String> lostFacts = Set.of();
    private @Nullable TableMetadata checkedKeyed;
    private @Nullable TableMetadata checkedStaging;
    private @Nullable TableMetadata checkedDeletes;
    private int checkedRemovals;
    private List<Event> missing = List.of();
    private boolean damaged;

    Model(SimTables tables, SimLog log, SimRows rows, boolean versioned) {
        this.tables = tables;
        this.log = log;
        this.rows = rows;
        this.versioned = versioned;
        this.io = tables.store().open(new Lifeline());
        this.references = new ReferencedFiles(tables);
    }

    /** What the head of the keyed table must show. */
    Truth truth() {
        Snapshot head = tables.metadata(KEYED).currentSnapshot();
        return head == null ? Truth.NOTHING : truth(head.snapshotId());
    }

    Truth truth(long snapshot) {
        return truths.getOrDefault(snapshot, Truth.NOTHING);
    }

    /** From now on rows that are not merged may be missing in staging: a merge has to notice. */
    void damaged() {
        damaged = true;
    }

    /** Records that are not merged and not staged, though both ledgers say that they are to be merged. */
    List<Event> missing() {
        return missing;
    }

    /** What lies between the keyed table's ledger and the begin of a staging table that was made anew. */
    Map<SourcePartition, OffsetRange> uncovered() {
        Map<SourcePartition, OffsetRange> uncovered = new TreeMap<>();
        Map<SourcePartition, PartitionEntry> merged = all(truth().merged());
        all(staged()).forEach((partition, entry) -> {
            PartitionEntry known = merged.get(partition);
            if (known != null && known.next() < entry.start()) {
                uncovered.put(partition, new OffsetRange(known.next(), entry.start()));
            }
        });
        return uncovered;
    }

    /** Whether all files of a version of a table are still there. */
    boolean isWhole(TableMetadata version) {
        try {
            references.requireAll(List.of(version));
            return true;
        } catch (Violation gone) {
            return false;
        }
    }

    /** The ledger of the staging table's head. */
    Ledger staged() {
        Snapshot head = tables.metadata(STAGING).currentSnapshot();
        return head == null ? Ledger.empty() : staged.getOrDefault(head.snapshotId(), Ledger.empty());
    }

    /**
     * @param mayBeDropped keys whose row somebody deleted while a merge ran that may still commit: it may leave them so
     * @param mustBeDropped those of them that the merge that had the last turn must leave so
     * @throws Violation where the guarantee does not hold
     */
    void check(Set<String> mayBeDropped, Set<String> mustBeDropped) {
        TableMetadata keyed = tables.metadata(KEYED);
        TableMetadata staging = tables.metadata(STAGING);
        TableMetadata deletes = tables.metadata(DELETES);
        boolean changed = keyed != checkedKeyed || staging != checkedStaging || deletes != checkedDeletes;
        if (deletes != checkedDeletes) {
            readFacts(deletes);
        }
        if (staging != checkedStaging) {
            staging.snapshots().forEach(snapshot -> followStaging(snapshot, staging));
            requireReader(staging, STAGING, staged());
        }
        if (keyed != checkedKeyed) {
            keyed.snapshots().forEach(snapshot -> follow(snapshot, keyed, mayBeDropped, mustBeDropped));
            requireReader(keyed, KEYED, truth().merged());
        }
        if (changed) {
            List<Row> waiting = requireStaged(staging);
            if (missing.isEmpty() && !lacksDeletes()) {
                requireLatest(waiting, keyed);
            }
        }
        if (changed || checkedRemovals != tables.store().removals()) {
            checkedRemovals = tables.store().removals();
            references.requireAll(List.of(keyed, staging, deletes));
        }
        checkedKeyed = keyed;
        checkedStaging = staging;
        checkedDeletes = deletes;
    }

    /** All that is referenced by any of the tables. */
    Set<String> referenced() {
        return references.all(List.of(tables.metadata(KEYED), tables.metadata(STAGING), tables.metadata(DELETES)));
    }

    private void readFacts(TableMetadata deletes) {
        Snapshot head = deletes.currentSnapshot();
        Map<String, List<Known>> now = new HashMap<>();
        Set<String> positions = new TreeSet<>();
        for (Row row : head == null ? List.<Row>of() : rows.live(DELETES, head.snapshotId())) {
            Event event = require(row, "known as deleted");
            if (!event.deletes()) {
                throw new Violation("known as deleted and is not: " + event);
            }
            now.computeIfAbsent(row.key(), key -> new ArrayList<>()).add(new Known(event, row.timestamp()));
            String position = row.topic() + "-" + row.topicId() + "-" + row.partition() + "-" + row.offset();
            positions.add(position);
            everKnown.merge(position, row, (one, other) -> one.timestamp() >= other.timestamp() ? one : other);
        }
        Set<String> lost = new TreeSet<>(everKnown.keySet());
        lost.removeAll(positions);
        if (!lost.isEmpty() && !damaged) {
            throw new Violation("no longer known as deleted: " + lost.iterator().next());
        }
        facts = now;
        lostFacts = lost;
    }

    /** Deletes that were known at any time. */
    Collection<Row> everKnown() {
        return everKnown.values();
    }

    /** Whether the table of known deletes lacks some that it once had. */
    boolean lacksDeletes() {
        return !lostFacts.isEmpty();
    }

    private void followStaging(Snapshot snapshot, TableMetadata staging) {
        if (staged.containsKey(snapshot.snapshotId())) {
            return;
        }
        Ledger parent = Ledger.empty();
        if (snapshot.parentId() != null) {
            Snapshot before = staging.snapshot(snapshot.parentId());
            if (before != null) {
                followStaging(before, staging);
            }
            parent = staged.getOrDefault(snapshot.parentId(), Ledger.empty());
        }
        staged.put(snapshot.snapshotId(), after(parent, snapshot, "append"));
    }

    /** The ledger of a snapshot: only those that take something in may move it on, nobody moves it back. */
    private static Ledger after(Ledger parent, Snapshot snapshot, String moving) {
        String json = snapshot.summary().get(LedgerKeys.OFFSETS);
        String operation = snapshot.summary().get("firn.operation");
        if (json == null) {
            if (operation != null) {
                throw new Violation("a snapshot of Firn's carries no ledger: " + snapshot.summary());
            }
            return parent;
        }
        Ledger ledger = LedgerCodec.read(json, "snapshot");
        boolean moves = moving.equals(operation);
        Map<SourcePartition, PartitionEntry> all = all(ledger);
        all(parent).forEach((partition, entry) -> {
            PartitionEntry now = all.get(partition);
            if (now == null || now.next() < entry.next() || !moves && now.next() > entry.next()) {
                throw new Violation("the ledger went from " + parent + " to " + ledger + " by " + snapshot.summary());
            }
        });
        if (!moves && all.size() > all(parent).size()) {
            throw new Violation("the ledger went from " + parent + " to " + ledger + " by " + snapshot.summary());
        }
        return ledger;
    }

    private void follow(Snapshot snapshot, TableMetadata keyed, Set<String> mayBeDropped, Set<String> mustBeDropped) {
        if (truths.containsKey(snapshot.snapshotId())) {
            return;
        }
        Truth parent = Truth.NOTHING;
        if (snapshot.parentId() != null) {
            Snapshot before = keyed.snapshot(snapshot.parentId());
            if (before != null) {
                follow(before, keyed, mayBeDropped, mustBeDropped);
            }
            parent = truth(snapshot.parentId());
        }
        TreeMap<String, Row> shown = shown(snapshot.snapshotId());
        Ledger ledger = after(parent.merged(), snapshot, "merge");
        String gone = snapshot.summary().getOrDefault(DELETED_KEYS, "");
        Truth truth = gone.isEmpty() ? parent : parent.without(List.of(gone.split(",")));
        if (!ledger.equals(parent.merged())) {
            if (lacksDeletes()) {
                // A merge goes on only if all deletes are known that count in what was merged before.
                Truth before = parent;
                before.memory().keySet().forEach(key -> requireDelete(key, before.memoryOf(key)));
            }
            truth = merged(truth, ledger, shown, mayBeDropped);
        }
        for (String key : ledger.equals(parent.merged()) ? Set.<String>of() : mustBeDropped) {
            if (shown.containsKey(key)) {
                throw new Violation("deleted by somebody while a merge ran, and brought back by it: " + shown.get(key));
            }
        }
        requireRows(truth, shown, snapshot);
        truths.put(snapshot.snapshotId(), truth);
    }

    private TreeMap<String, Row> shown(long snapshot) {
        TreeMap<String, Row> shown = new TreeMap<>();
        for (Row row : rows.live(KEYED, snapshot)) {
            Event event = require(row, "in the keyed table");
            if (event.deletes() || row.id() == null || row.id() != event.id()) {
                throw new Violation("in the keyed table: " + row + ", which is " + event);
            }
            if (shown.put(row.key(), row) != null) {
                throw new Violation("two rows of " + row.key());
            }
        }
        return shown;
    }

    /** The row must be of the record that it says it is of. */
    private Event require(Row row, String where) {
        Event event = log.at(row);
        if (event == null || !event.key().equals(row.key()) || !event.version().equals(row.version()) && versioned) {
            throw new Violation(where + " and made up: " + row + ", the record is " + event);
        }
        return event;
    }

    private Truth merged(Truth before, Ledger ledger, TreeMap<String, Row> shown, Set<String> mayBeDropped) {
        Map<String, List<Known>> memory = new HashMap<>(before.memory());
        TreeMap<String, Long> expected = new TreeMap<>(before.rows());
        Map<String, List<Known>> taken = byKey(before.merged(), ledger);
        taken.forEach((key, records) -> {
            List<Known> all = new ArrayList<>(before.memoryOf(key));
            all.addAll(records);
            memory.put(key, all);
            Row row = shown.get(key);
            Long actual = row == null ? null : row.id();
            Long strict = visible(all, factsOf(key, ledger));
            Long early = visible(all, facts.getOrDefault(key, List.of()));
            if (java.util.Objects.equals(actual, strict) || java.util.Objects.equals(actual, early)) {
                put(expected, key, actual);
            } else if (actual == null && mayBeDropped.contains(key)) {
                memory.put(key, before.memoryOf(key));
                expected.remove(key);
            } else {
                throw new Violation("of " + key + " " + row + " is shown, but the last of " + all + " is " + strict);
            }
        });
        return new Truth(ledger, memory, expected);
    }

    /** What a ledger says of the topics' earlier incarnations too. */
    static TreeMap<SourcePartition, PartitionEntry> all(Ledger ledger) {
        TreeMap<SourcePartition, PartitionEntry> all = new TreeMap<>(ledger.partitions(PIPELINE));
        ledger.partitions(PIPELINE).keySet().stream()
                .map(SourcePartition::topic)
                .distinct()
                .forEach(topic -> ledger.earlier(PIPELINE, topic).forEach(all::putAll));
        return all;
    }

    /** Known deletes of a key; those that are not merged yet left out. */
    private List<Known> factsOf(String key, Ledger merged) {
        Map<SourcePartition, PartitionEntry> all = all(merged);
        return facts.getOrDefault(key, List.of()).stream()
                .filter(fact -> {
                    Event event = fact.event();
                    PartitionEntry entry =
                            all.get(new SourcePartition(event.topic(), event.topicId(), event.partition()));
                    return entry != null && event.offset() < entry.next();
                })
                .toList();
    }

    private @Nullable Long visible(Collection<Known> records, Collection<Known> deletes) {
        List<Known> all = new ArrayList<>(records);
        all.addAll(deletes);
        return Known.winner(all, versioned)
                .filter(winner -> !winner.event().deletes())
                .map(winner -> winner.event().id())
                .orElse(null);
    }

    private static void put(TreeMap<String, Long> rows, String key, @Nullable Long id) {
        if (id == null) {
            rows.remove(key);
        } else {
            rows.put(key, id);
        }
    }

    /** Records between two ledgers. */
    private Map<String, List<Known>> byKey(Ledger from, Ledger to) {
        Map<String, List<Known>> taken = new TreeMap<>();
        Map<SourcePartition, PartitionEntry> known = all(from);
        all(to).forEach((partition, entry) -> {
            PartitionEntry before = known.get(partition);
            long start = before == null ? entry.start() : before.next();
            for (Event event : log.records(partition, start, entry.next())) {
                if (isLost(partition, event, entry)) {
                    continue;
                }
                taken.computeIfAbsent(event.key(), key -> new ArrayList<>()).add(Known.of(event));
            }
        });
        return taken;
    }

    /** Whether the tables say that they go on without the record: Kafka had lost it. */
    private boolean isLost(SourcePartition partition, Event event, PartitionEntry entry) {
        List<OffsetRange> gaps = new ArrayList<>(entry.gaps());
        PartitionEntry staging = all(staged()).get(partition);
        if (staging != null) {
            gaps.addAll(staging.gaps());
        }
        boolean isLost = gaps.stream().anyMatch(gap -> event.offset() >= gap.start() && event.offset() < gap.end());
        if (isLost && log.isHeld(event)) {
            throw new Violation("taken for lost, and Kafka holds it: " + event);
        }
        return isLost;
    }

    private void requireRows(Truth truth, TreeMap<String, Row> shown, Snapshot snapshot) {
        TreeMap<String, Long> ids = new TreeMap<>();
        shown.forEach((key, row) -> ids.put(key, row.id()));
        if (!ids.equals(truth.rows())) {
            throw new Violation(
                    "the rows are " + ids + " and must be " + truth.rows() + " after " + snapshot.summary());
        }
        shown.forEach((key, row) -> {
            List<Known> all = new ArrayList<>(truth.memoryOf(key));
            all.addAll(facts.getOrDefault(key, List.of()));
            Known winner = all.stream()
                    .filter(known -> known.event().id() == java.util.Objects.requireNonNull(row.id()))
                    .findFirst()
                    .orElseThrow(() -> new Violation("brought back: " + row));
            long time = winner.orderTimestamp(all, versioned);
            if (time != row.timestamp()) {
                throw new Violation("the order timestamp of " + row + " must be " + time + " by " + all);
            }
        });
        truth.memory().keySet().forEach(key -> requireKnown(key, truth.memoryOf(key)));
    }

    /** A delete that wins is known, or a later one is. */
    private void requireKnown(String key, List<Known> records) {
        if (!lacksDeletes()) {
            requireDelete(key, records);
        }
    }

    private void requireDelete(String key, List<Known> records) {
        List<Known> deletes = facts.getOrDefault(key, List.of());
        List<Known> all = new ArrayList<>(records);
        all.addAll(deletes);
        Known.winner(all, versioned)
                .map(Known::event)
                .filter(Event::deletes)
                .filter(winner ->
                        deletes.stream().noneMatch(fact -> fact.event().equals(winner)))
                .ifPresent(unknown -> {
                    throw new Violation("merged, and not known as deleted: " + unknown);
                });
    }

    /** What is above the keyed table's ledger and below the staging table's is there; returns those rows. */
    private List<Row> requireStaged(TableMetadata staging) {
        Snapshot head = staging.currentSnapshot();
        List<Row> waiting = new ArrayList<>();
        missing = new ArrayList<>();
        if (head == null) {
            return waiting;
        }
        Map<SourcePartition, PartitionEntry> merged = all(truth().merged());
        Set<SourcePartition> all = all(staged()).keySet();
        Set<Long> found = new HashSet<>();
        for (Row row : rows.live(STAGING, head.snapshotId())) {
            Event event = require(row, "staged");
            if (row.timestamp() != event.timestamp() || !log.isTombstone(event) && row.id() == null) {
                throw new Violation("staged: " + row + ", which is " + event);
            }
            SourcePartition partition = new SourcePartition(row.topic(), row.topicId(), row.partition());
            PartitionEntry entry = merged.get(partition);
            if (all.contains(partition) && (entry == null || row.offset() >= entry.next())) {
                waiting.add(row);
                found.add(event.id());
            }
        }
        byKey(truth().merged(), staged())
                .values()
                .forEach(records -> records.forEach(record -> {
                    if (!found.contains(record.event().id())) {
                        if (!damaged) {
                            throw new Violation("not merged and not staged any more: " + record.event());
                        }
                        missing.add(record.event());
                    }
                }));
        return waiting;
    }

    /** The view's answer, from the rows of the three tables, is the fold of all that is staged. */
    private void requireLatest(List<Row> waiting, TableMetadata keyed) {
        Truth truth = truth();
        Map<String, List<Known>> inView = new TreeMap<>();
        Snapshot head = keyed.currentSnapshot();
        for (Row row : head == null ? List.<Row>of() : rows.live(KEYED, head.snapshotId())) {
            inView.computeIfAbsent(row.key(), key -> new ArrayList<>())
                    .add(new Known(require(row, "keyed"), row.timestamp()));
        }
        for (Row row : waiting) {
            inView.computeIfAbsent(row.key(), key -> new ArrayList<>()).add(Known.of(require(row, "staged")));
        }
        Map<String, List<Known>> staged = byKey(truth.merged(), staged());
        Set<String> keys = new TreeSet<>(inView.keySet());
        keys.addAll(staged.keySet());
        keys.addAll(truth.memory().keySet());
        for (String key : keys) {
            List<Known> deletes = facts.getOrDefault(key, List.of());
            Long latest = visible(inView.getOrDefault(key, List.of()), deletes);
            List<Known> all = new ArrayList<>(truth.memoryOf(key));
            all.addAll(staged.getOrDefault(key, List.of()));
            Long expected = visible(all, deletes);
            if (!java.util.Objects.equals(latest, expected)) {
                throw new Violation(
                        "the latest of " + key + " is " + latest + " by the view, of " + all + " it is " + expected);
            }
        }
    }

    private void requireReader(TableMetadata table, String name, Ledger expected) {
        LedgerState state;
        try {
            state = LedgerReader.read(table, io, name, PropertyFallback.USED);
        } catch (FirnException refused) {
            throw new Violation("the ledger of " + name + " can not be read: " + refused.getMessage());
        }
        Ledger read = state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
        if (!read.equals(expected)) {
            throw new Violation("taken for the ledger of " + name + ": " + read + ", true is " + expected);
        }
    }
}
