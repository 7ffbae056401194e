package io.firn.ingest.sim;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerReader.PropertyFallback;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.LedgerState.Present;
import io.firn.catalog.ledger.PartitionEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/**
 * The table under test, and the check of the guarantee. Every snapshot that comes is followed by a {@link Truth} of its
 * own; what the head shows, and what readers take for its ledger, must agree with it.
 */
final class SimTable {
    static final String NAME = "lake.orders";

    private final InMemoryTables tables = new InMemoryTables();
    private final SimFiles files = new SimFiles(tables.files());
    private final TreeMap<String, SimKafka> topics;
    private final Map<Long, Truth> truths = new HashMap<>();
    /** The commits' ids by snapshot. */
    private final Map<Long, String> writers = new HashMap<>();

    private final Map<String, Set<Position>> deletions = new HashMap<>();
    private final Map<String, List<DataFile>> commits = new HashMap<>();
    private final Map<String, List<DataFile>> manifests = new HashMap<>();
    private final boolean forgetful;
    private final int versions;
    private List<DataFile> referenced = List.of();
    private @Nullable TableMetadata checked;
    private @Nullable String misdescribed;
    private int checkedRemovals;
    private boolean recreated;

    /** @param versions how many earlier versions of its metadata the table keeps */
    SimTable(TreeMap<String, SimKafka> topics, int versions) {
        this.topics = topics;
        this.forgetful = versions < 100;
        this.versions = versions;
        create();
    }

    private void create() {
        tables.create(
                NAME,
                SimRecords.firstSchema(),
                PartitionSpec.unpartitioned(),
                Map.of(
                        "write.manifest.compression-codec",
                        "uncompressed",
                        "write.metadata.previous-versions-max",
                        Integer.toString(versions)));
    }

    boolean wasRecreated() {
        return recreated;
    }

    /** Another table under the same name. */
    void recreate() {
        recreated = true;
        tables.drop(NAME);
        create();
    }

    InMemoryTables tables() {
        return tables;
    }

    SimFiles files() {
        return files;
    }

    Table open() {
        return tables.open(NAME);
    }

    /** Another engine's handle: faults are for Firn alone. */
    Table openForeign() {
        return tables.openSpared(NAME);
    }

    /** Files of the head. */
    List<DataFile> referenced() {
        check();
        return referenced;
    }

    /** Announces what a commit is about to add, so that its manifest need not be read where the numbers agree. */
    void announceCommit(UUID commitId, List<DataFile> added) {
        commits.put(commitId.toString(), added);
    }

    /** Announces what a foreign commit whose summary has this name is about to delete. */
    void announceDeletion(String name, Set<Position> rows) {
        deletions.put(name, rows);
    }

    Truth truth() {
        check();
        Snapshot head = tables.metadata(NAME).currentSnapshot();
        return head == null ? Truth.NOTHING : truths.getOrDefault(head.snapshotId(), Truth.NOTHING);
    }

    boolean isComplete() {
        Truth truth = truth();
        return topics.values().stream()
                .allMatch(topic -> topic.partitions().stream().allMatch(partition -> {
                    PartitionEntry entry =
                            truth.ledger().entry(topic.pipeline(), partition).orElse(null);
                    return entry != null && entry.next() == topic.log(partition).end();
                }));
    }

    /** By what name the head's ledger knows the pipeline of a topic, if it is another than it has now. */
    Optional<String> nameInLedger(SimKafka topic) {
        return truth().ledger().pipelines().entrySet().stream()
                .filter(each -> each.getValue().keySet().stream()
                        .anyMatch(partition -> partition.topic().equals(topic.topic())))
                .map(Map.Entry::getKey)
                .filter(name -> !name.equals(topic.pipeline()))
                .findFirst();
    }

    boolean isInAncestry(UUID commitId) {
        TableMetadata now = tables.metadata(NAME);
        Snapshot at = now.currentSnapshot();
        while (at != null) {
            if (commitId.toString().equals(at.summary().get(LedgerKeys.COMMIT_ID))) {
                return true;
            }
            at = at.parentId() == null ? null : now.snapshot(at.parentId());
        }
        return false;
    }

    /** Whether nobody can tell the ledger any more, and rightly so: nothing but the model remembers. */
    boolean isUnclear() {
        try {
            read(tables.metadata(NAME));
            return false;
        } catch (FirnException refused) {
            return refused.code().equals("ledger-unclear");
        }
    }

    /** Somebody has vouched for the head's ledger: what is built on it from now on begins without times. */
    void vouchedForHead() {
        TableMetadata now = tables.metadata(NAME);
        long head = now.currentSnapshot().snapshotId();
        for (Snapshot each : now.snapshots()) {
            Snapshot at = each;
            while (at != null && at.snapshotId() != head && !at.summary().containsKey(LedgerKeys.OFFSETS)) {
                at = at.parentId() == null ? null : now.snapshot(at.parentId());
            }
            if (at != null && at.snapshotId() == head) {
                truths.computeIfPresent(each.snapshotId(), (id, truth) -> truth.vouchedFor());
            }
        }
    }

    /**
     * @throws Violation when the guarantee does not hold
     * @throws AssertionError when a table is refused that need not be
     */
    void check() {
        TableMetadata now = tables.metadata(NAME);
        if (now != checked) {
            now.snapshots().forEach(snapshot -> follow(snapshot, now));
            Snapshot head = now.currentSnapshot();
            if (head == null) {
                referenced = List.of();
            } else if (checked == null || checked.currentSnapshot() != head) {
                referenced = filesOf(head);
                checkRows(truths.getOrDefault(head.snapshotId(), Truth.NOTHING));
                checkedRemovals = -1;
            }
            checkReader(now);
            checked = now;
        }
        if (checkedRemovals != tables.files().removals()) {
            checkedRemovals = tables.files().removals();
            for (DataFile file : referenced) {
                if (!tables.files().fileExists(file.location())) {
                    throw new Violation("referenced and deleted: " + file.location());
                }
            }
        }
    }

    /** A snapshot whose summary does not say what it added, though the table may hold the right rows. */
    Optional<String> misdescribed() {
        return Optional.ofNullable(misdescribed);
    }

    /** As {@link #check}, from nothing but what the store holds. */
    void checkThoroughly() {
        manifests.clear();
        commits.clear();
        checked = null;
        check();
    }

    private void follow(Snapshot snapshot, TableMetadata now) {
        if (truths.containsKey(snapshot.snapshotId())) {
            return;
        }
        Long parentId = snapshot.parentId();
        Truth parent = Truth.NOTHING;
        if (parentId != null) {
            Snapshot before = now.snapshot(parentId);
            if (before != null) {
                follow(before, now);
            }
            parent = truths.getOrDefault(parentId, Truth.NOTHING);
        }
        writers.put(snapshot.snapshotId(), snapshot.summary().getOrDefault(LedgerKeys.COMMIT_ID, ""));
        checkColumns(snapshot, now);
        String json = snapshot.summary().get(LedgerKeys.OFFSETS);
        truths.put(
                snapshot.snapshotId(),
                json == null
                        ? parent.without(
                                deletions.getOrDefault(snapshot.summary().getOrDefault("deletion", ""), Set.of()))
                        : parent.with(
                                LedgerCodec.read(json, "snapshot " + snapshot.snapshotId()),
                                snapshot.summary(),
                                topics,
                                complaint -> misdescribed = complaint));
    }

    /** Every value of the rows that a snapshot of Firn's adds is under the column that has its name in that snapshot. */
    private void checkColumns(Snapshot snapshot, TableMetadata now) {
        List<DataFile> added = commits.getOrDefault(writers.getOrDefault(snapshot.snapshotId(), ""), List.of());
        for (DataFile file : added) {
            Schema written = files.schema(file);
            Schema schema = Objects.requireNonNull(now.schemasById().get(snapshot.schemaId()));
            if (!written.sameSchema(schema)) {
                files.rows(file).forEach(row -> checkColumns(row, written, schema));
            }
        }
    }

    private static void checkColumns(Position position, Schema written, Schema schema) {
        Map<Integer, Object> row = SimRecords.row(position, written);
        Map<String, Object> fields = SimRecords.fields(position);
        for (NestedField column : schema.columns()) {
            Object shown = row.get(column.fieldId());
            Object produced = fields.get(column.name());
            if (!Objects.equals(shown, produced)) {
                throw new Violation("column " + column + " shows " + shown + ", the record says " + produced);
            }
            if (shown == null && column.isRequired()) {
                throw new Violation("null in column " + column + " of " + position);
            }
        }
    }

    private List<DataFile> filesOf(Snapshot head) {
        List<DataFile> all = new ArrayList<>();
        for (ManifestFile manifest : head.dataManifests(tables.files())) {
            all.addAll(manifests.computeIfAbsent(manifest.path(), path -> contentOf(manifest)));
        }
        Set<String> seen = new HashSet<>();
        for (DataFile file : all) {
            if (!seen.add(file.location())) {
                throw new Violation("referenced twice: " + file.location());
            }
        }
        return all;
    }

    private List<DataFile> contentOf(ManifestFile manifest) {
        List<DataFile> announced = commits.get(writers.getOrDefault(manifest.snapshotId(), ""));
        Integer added = manifest.addedFilesCount();
        return announced != null && added != null && added == announced.size() ? announced : read(manifest);
    }

    private List<DataFile> read(ManifestFile manifest) {
        List<DataFile> all = new ArrayList<>();
        Map<Integer, PartitionSpec> specs = tables.metadata(NAME).specsById();
        try (ManifestReader<DataFile> reader = ManifestFiles.read(manifest, tables.files(), specs)) {
            reader.forEach(file -> all.add(file.copyWithoutStats()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return all;
    }

    private void checkRows(Truth truth) {
        Set<Position> visible = new HashSet<>();
        for (DataFile file : referenced) {
            for (Position row : files.rows(file)) {
                if (!visible.add(row)) {
                    throw new Violation("visible twice: " + row);
                }
            }
        }
        Set<Position> expected = truth.rows(topics);
        if (!visible.equals(expected)) {
            Set<Position> missing = new HashSet<>(expected);
            missing.removeAll(visible);
            visible.removeAll(expected);
            throw new Violation("below the ledger and not visible: " + missing + "; visible and not below: " + visible);
        }
    }

    /** A reader finds the true ledger and watermark, or refuses because nothing tells them. */
    private void checkReader(TableMetadata now) {
        Snapshot head = now.currentSnapshot();
        Truth truth = head == null ? Truth.NOTHING : truths.getOrDefault(head.snapshotId(), Truth.NOTHING);
        LedgerState read;
        try {
            read = read(now);
        } catch (FirnException refused) {
            if (refused.code().equals("ledger-unclear") && mayBeUnclear(now)) {
                return;
            }
            throw new AssertionError("refused without need", refused);
        }
        Ledger ledger = read.fold(Present::ledger, none -> Ledger.empty(), unknown -> Ledger.empty());
        if (!ledger.equals(truth.ledger())) {
            throw new Violation("taken for the ledger: " + ledger + ", true is " + truth.ledger());
        }
        Optional<Instant> watermark =
                read.fold(Present::watermark, none -> Optional.empty(), unknown -> Optional.empty());
        if (!watermark.equals(truth.watermark())) {
            throw new Violation("taken for the watermark: " + watermark + ", true is " + truth.watermark());
        }
    }

    private LedgerState read(TableMetadata now) {
        return LedgerReader.read(now, tables.files(), NAME, PropertyFallback.USED);
    }

    /** Where earlier metadata is gone and more than one snapshot is missing before the property's. */
    private boolean mayBeUnclear(TableMetadata now) {
        Snapshot oldest = now.currentSnapshot();
        while (oldest != null && oldest.parentId() != null && now.snapshot(oldest.parentId()) != null) {
            oldest = now.snapshot(oldest.parentId());
        }
        return forgetful
                && oldest != null
                && oldest.parentId() != null
                && !oldest.parentId().toString().equals(now.properties().get(LedgerKeys.OFFSETS_SNAPSHOT));
    }
}
