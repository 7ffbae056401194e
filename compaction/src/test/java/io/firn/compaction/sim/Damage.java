package io.firn.compaction.sim;

import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.compaction.fold.NaiveFold.Event;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.data.Record;
import org.jspecify.annotations.Nullable;

/**
 * What takes rows out of staging that are not merged, or brings the tables of the set apart; and what a person does
 * about it: read the records again that Kafka still holds, and go on without those that it does not hold.
 */
final class Damage {
    private static final int MAX_VERSIONS = 8;

    private final SimTables tables;
    private final SimLog log;
    private final SimRows rows;
    private final Model model;
    private final Random random;
    private final Consumer<String> happened;
    /** Earlier versions of the two tables whose loss can be mended, by table. */
    private final TreeMap<String, List<TableMetadata>> versions = new TreeMap<>();

    private boolean done;
    /** The table of known deletes went back to an older state. */
    private boolean hasHarmedDeletes;

    Damage(SimTables tables, SimLog log, SimRows rows, Model model, Random random, Consumer<String> happened) {
        this.tables = tables;
        this.log = log;
        this.rows = rows;
        this.model = model;
        this.random = random;
        this.happened = happened;
    }

    /** Whether anything was done to the tables that a merge cannot put right by itself. */
    boolean isDone() {
        return done;
    }

    /** Remembers the tables as they are, for a later restore. */
    void observe() {
        for (String name : Story.TABLES) {
            List<TableMetadata> seen = versions.computeIfAbsent(name, any -> new ArrayList<>());
            TableMetadata now = tables.metadata(name);
            if (seen.isEmpty() || seen.get(seen.size() - 1) != now) {
                seen.add(now);
            }
            if (seen.size() > MAX_VERSIONS) {
                seen.remove(0);
            }
        }
    }

    /** Another engine deletes rows of staging, merged or not. */
    void deleteStaged() {
        Snapshot head = tables.metadata(Model.STAGING).currentSnapshot();
        List<FileScanTask> tasks = head == null ? List.of() : rows.tasks(Model.STAGING, head.snapshotId());
        if (tasks.isEmpty()) {
            return;
        }
        // What came last is mostly not merged yet.
        FileScanTask task = tasks.get(random.nextInt(3) > 0 ? tasks.size() - 1 : random.nextInt(tasks.size()));
        List<Row> living = new ArrayList<>(rows.rows(task));
        Collections.shuffle(living, random);
        Set<Long> dropped = new HashSet<>();
        living.subList(0, random.nextInt(living.size() + 1)).forEach(row -> dropped.add(row.position()));
        if (dropped.isEmpty()) {
            return;
        }
        Table staging = tables.openSpared(Model.STAGING);
        List<Record> all = rows.records(task.file().location());
        List<Record> left = new ArrayList<>();
        living.forEach(row -> {
            if (!dropped.contains(row.position())) {
                left.add(all.get((int) row.position()));
            }
        });
        OverwriteFiles overwrite = staging.newOverwrite().deleteFile(task.file());
        if (!left.isEmpty()) {
            overwrite.addFile(SimRows.write(staging, task.partition(), left));
        }
        overwrite.commit();
        done = true;
        happened.accept("another engine deletes rows of staging");
    }

    /** Somebody rolls the table of known deletes back. */
    void rollBackDeletes() {
        if (tables.catalog().late() > 0) {
            return;
        }
        TableMetadata deletes = tables.metadata(Model.DELETES);
        Snapshot head = deletes.currentSnapshot();
        Snapshot parent = head == null || head.parentId() == null ? null : deletes.snapshot(head.parentId());
        if (parent != null) {
            tables.openSpared(Model.DELETES)
                    .manageSnapshots()
                    .rollbackTo(parent.snapshotId())
                    .commit();
            done = true;
            hasHarmedDeletes = true;
            versions.remove(Model.DELETES);
            happened.accept("somebody rolls back " + Model.DELETES);
        }
    }

    /** Makes the table of known deletes anew with all that was known, as {@code firn rebuild} does from Kafka. */
    boolean rebuildDeletes() {
        if (!hasHarmedDeletes) {
            return false;
        }
        createDeletesAgain();
        happened.accept("the table of known deletes is made anew");
        return true;
    }

    private void createDeletesAgain() {
        tables.createAgain(Model.DELETES);
        versions.remove(Model.DELETES);
        hasHarmedDeletes = false;
        List<Row> known = List.copyOf(model.everKnown());
        if (!known.isEmpty()) {
            Table deletes = tables.openSpared(Model.DELETES);
            deletes.newAppend()
                    .appendFile(SimRows.deletes(deletes, known))
                    .set(LedgerKeys.OPERATION, TableCommit.Operation.MERGE.summaryValue())
                    .set(LedgerKeys.OFFSETS, LedgerCodec.write(Ledger.empty()))
                    .commit();
        }
    }

    /** Somebody drops one of the tables, and a start or a rebuild of Firn makes it anew. */
    void createAgain() {
        String name = Story.TABLES.get(random.nextInt(Story.TABLES.size()));
        done = true;
        happened.accept("somebody drops " + name);
        if (name.equals(Model.DELETES)) {
            createDeletesAgain();
        } else {
            tables.createAgain(name);
            versions.remove(name);
        }
    }

    /** The catalog is restored to an older state of one of the tables, or of several. */
    void restore() {
        List<String> all = new ArrayList<>(Story.TABLES);
        Collections.shuffle(all, random);
        for (String name : all.subList(0, 1 + random.nextInt(all.size()))) {
            // A keyed table that goes forward again beside deletes that went back is nothing that a person does.
            boolean isHarmed = hasHarmedDeletes || model.lacksDeletes();
            // A commit that was planned before may yet land.
            boolean isLate = name.equals(Model.DELETES) && tables.catalog().late() > 0;
            TableMetadata older = isLate || name.equals(Model.KEYED) && isHarmed ? null : older(name);
            if (older != null) {
                tables.catalog().restore(name, older);
                done = true;
                if (name.equals(Model.DELETES)) {
                    hasHarmedDeletes = true;
                    versions.remove(name);
                }
                happened.accept("the catalog has an older state of " + name);
            }
        }
    }

    private @Nullable TableMetadata older(String name) {
        List<TableMetadata> whole = new ArrayList<>(versions.getOrDefault(name, List.of()));
        whole.removeIf(version -> !model.isWhole(version));
        return whole.isEmpty() ? null : whole.get(random.nextInt(whole.size()));
    }

    /** Stages again what is missing and what Kafka holds, as a backfill of the missing records does. */
    void repair() {
        List<Event> readable = model.missing().stream().filter(log::isHeld).toList();
        if (!readable.isEmpty()) {
            Table staging = tables.openSpared(Model.STAGING);
            staging.newAppend().appendFile(rows.stage(staging, readable)).commit();
            happened.accept("missing records are read again");
        }
    }

    /** What Kafka no longer holds and staging lacks. */
    List<AcceptedSpan> accepted() {
        List<AcceptedSpan> spans = new ArrayList<>();
        for (Event event : model.missing()) {
            if (!log.isHeld(event)) {
                spans.add(new AcceptedSpan(
                        event.topic(), event.partition(), new OffsetRange(event.offset(), event.offset() + 1)));
            }
        }
        model.uncovered()
                .forEach((partition, span) ->
                        spans.add(new AcceptedSpan(partition.topic(), partition.partition(), span)));
        if (!spans.isEmpty()) {
            happened.accept("a person goes on without records that Kafka lost");
        }
        return spans;
    }

    /** Kafka drops the oldest records of a partition. */
    void forget() {
        List<SourcePartition> all = List.copyOf(log.ends().keySet());
        SourcePartition partition = all.get(random.nextInt(all.size()));
        Optional<Long> staged =
                Optional.ofNullable(Model.all(model.staged()).get(partition)).map(entry -> entry.next());
        if (staged.isPresent() && staged.get() > log.start(partition)) {
            long more = staged.get() - log.start(partition);
            log.forget(partition, log.start(partition) + 1 + random.nextLong(more));
            happened.accept("Kafka drops records");
        }
    }
}
