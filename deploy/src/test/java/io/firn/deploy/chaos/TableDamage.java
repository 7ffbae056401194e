package io.firn.deploy.chaos;

import io.firn.catalog.Catalogs;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.ServiceClient;
import io.firn.deploy.rig.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFiles;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.util.SnapshotUtil;

/**
 * Damage that another engine does to the tables of an upsert pipeline, and the repair that the documentation names.
 * While a merge cannot go on because of it, a process must say so.
 */
final class TableDamage {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final String STAGED_ROWS_MISSING = "no longer in the staging table";

    private static final int FOR_A_PERSON = 2;
    private static final int COMMITS_DELETED = 3;

    /** Merges that a rollback of the keyed table takes back, at most. */
    private static final int MERGES_BACK = 8;

    private final Surroundings around;
    private final Stage stage;
    private final boolean keyed;
    private final List<FirnProcess> fleet;
    private final OutageWatch watch;
    private final Consumer<String> log;
    private final ServiceClient client = new ServiceClient();
    private final List<String> wrong = new ArrayList<>();

    TableDamage(
            Surroundings around,
            Stage stage,
            boolean keyed,
            List<FirnProcess> fleet,
            OutageWatch watch,
            Consumer<String> log) {
        this.around = around;
        this.stage = stage;
        this.keyed = keyed;
        this.fleet = fleet;
        this.watch = watch;
        this.log = log;
    }

    /**
     * Rows that are gone from staging.
     *
     * @param staged ledger of the snapshot that they were deleted from
     * @param sequence of the snapshot that deleted them
     */
    private record Deleted(int files, Map<Integer, Long> staged, long sequence) {}

    /** Returns what was not as it must be. */
    synchronized List<String> complaints() {
        return List.copyOf(wrong);
    }

    private synchronized void add(String what) {
        wrong.add(what);
    }

    /** Deletes the rows that were staged last, most of them before they were merged. */
    void deleteStagedRows() {
        deleteAndRepair();
    }

    /** Rolls the keyed table back below what staging still has: the rows merged since then are gone from both. */
    void rollBack(Strike strike) {
        Table keyed = around.lake().table(stage.table());
        List<Long> merges = StreamSupport.stream(
                        SnapshotUtil.currentAncestors(keyed).spliterator(), false)
                .filter(snapshot -> snapshot.summary().containsKey("firn.merged-snapshot"))
                .map(Snapshot::snapshotId)
                .toList();
        int back = 1 + (int) (strike.strength() * MERGES_BACK);
        if (merges.size() <= back) {
            log.accept("nothing to roll back to yet");
            return;
        }
        long target = merges.get(back);
        commit(
                stage.table(),
                table -> table.manageSnapshots().rollbackTo(target).commit());
        log.accept("rolled back by " + back + " merges to " + ledger(stage.table()));
        if (strike.strength() < 0.5) {
            // Staging has the rows of all snapshots that the keyed table can be rolled back to.
            return;
        }
        deleteAndRepair();
    }

    private void deleteAndRepair() {
        Deleted deleted = deleteStaged();
        if (deleted.files() > 0) {
            awaitShownOrMerged(deleted);
            stageAgain();
        }
    }

    /** Renames a table away, as a wrong statement does, and back: each process must say so. */
    void renameAway(Strike strike, Duration length) {
        List<String> names =
                keyed ? List.of(staging(), stage.table(), stage.table() + "_deletes") : List.of(stage.table());
        String name = names.get((int) (strike.strength() * names.size()));
        TableIdentifier here = TableIdentifier.parse(name);
        TableIdentifier there = TableIdentifier.parse(name + "_away");
        watch.during(name + " renamed away", () -> rename(here, there), () -> rename(there, here), length);
        restartFailed();
    }

    private void rename(TableIdentifier from, TableIdentifier to) {
        Catalog catalog = Catalogs.open(around.lake().properties());
        try (AutoCloseable closing = (AutoCloseable) catalog) {
            Eventually.holds(
                    "the catalog renames " + from,
                    PATIENCE,
                    LOOK,
                    () -> {
                        if (!catalog.tableExists(to) || catalog.tableExists(from)) {
                            catalog.renameTable(from, to);
                        }
                        return true;
                    },
                    () -> "");
        } catch (Exception failed) {
            throw new AssertionError("the catalog did not close", failed);
        }
    }

    private Deleted deleteStaged() {
        AtomicReference<Deleted> deleted = new AtomicReference<>(new Deleted(0, Map.of(), 0));
        commit(staging(), table -> {
            List<DataFile> files = latestFiles(table);
            if (files.isEmpty()) {
                return;
            }
            Map<Integer, Long> staged = ledger(table);
            DeleteFiles delete = table.newDelete().validateFilesExist();
            files.forEach(delete::deleteFile);
            delete.commit();
            long sequence = table.currentSnapshot().sequenceNumber();
            deleted.set(new Deleted(files.size(), staged, sequence));
            log.accept("deleted " + files.size() + " files of staging up to " + staged + ", merged is "
                    + ledger(stage.table()));
        });
        return Objects.requireNonNull(deleted.get());
    }

    /** Files of the latest commits that nothing but commits of the pipeline follow. */
    private static List<DataFile> latestFiles(Table table) {
        List<DataFile> files = new ArrayList<>();
        int commits = 0;
        for (Snapshot snapshot : SnapshotUtil.currentAncestors(table)) {
            if (commits++ == COMMITS_DELETED || !snapshot.operation().equals("append")) {
                break;
            }
            snapshot.addedDataFiles(table.io()).forEach(files::add);
        }
        return files;
    }

    /**
     * A merge that was planned before may still have taken the rows in; then nothing is missing to it. One that was
     * planned afterwards must not pass them over.
     */
    private void awaitShownOrMerged(Deleted deleted) {
        Map<Integer, Long> staged = deleted.staged();
        Eventually.holds(
                "a process says that staged rows are missing, or all were merged",
                PATIENCE,
                LOOK,
                () -> {
                    boolean shown = List.copyOf(fleet).stream().anyMatch(process -> client.get(process, "/health/ready")
                            .filter(answer -> answer.body().toString().contains(STAGED_ROWS_MISSING))
                            .isPresent());
                    boolean isMerged = covers(ledger(stage.table()), staged);
                    if (shown || isMerged) {
                        log.accept(shown ? "the merge says that rows are missing" : "the rows were merged before");
                    }
                    return shown || isMerged;
                },
                this::shown);
        firstToCover(staged).ifPresent(merge -> {
            long plannedOn = Long.parseLong(merge.summary().get("firn.merged-snapshot"));
            Snapshot snapshot = around.lake().table(staging()).snapshot(plannedOn);
            if (snapshot != null && snapshot.sequenceNumber() >= deleted.sequence()) {
                add("merge " + merge.snapshotId() + " of staging's snapshot " + plannedOn
                        + " takes rows for merged that were deleted before");
            }
        });
    }

    /** Returns the first merge of those since the last rollback that says that it has merged so far. */
    private Optional<Snapshot> firstToCover(Map<Integer, Long> staged) {
        Optional<Snapshot> first = Optional.empty();
        for (Snapshot each : SnapshotUtil.currentAncestors(around.lake().table(stage.table()))) {
            String ledger = each.summary().get("firn.offsets");
            if (ledger == null || !each.summary().containsKey("firn.merged-snapshot")) {
                continue;
            }
            if (!covers(next(LedgerCodec.read(ledger, stage.table())), staged)) {
                break;
            }
            first = Optional.of(each);
        }
        return first;
    }

    private static boolean covers(Map<Integer, Long> merged, Map<Integer, Long> staged) {
        return staged.entrySet().stream().allMatch(each -> merged.getOrDefault(each.getKey(), 0L) >= each.getValue());
    }

    /** The repair: records that Kafka still has are staged once more, and the next merge takes them in. */
    private void stageAgain() {
        String body = "{\"pipeline\":\"" + stage.topic() + "\",\"mode\":\"missing\"}";
        List<String> id = new ArrayList<>();
        Eventually.holds(
                "a backfill begins",
                PATIENCE,
                LOOK,
                () -> fleet.stream().anyMatch(process -> client.post(process, "/v1/backfills", body)
                        .filter(answer -> answer.status() == 202)
                        .map(answer -> id.add(answer.body().path("id").asText()))
                        .isPresent()),
                this::shown);
        Eventually.holds(
                "the backfill is done",
                PATIENCE.multipliedBy(2),
                LOOK,
                () -> fleet.stream().anyMatch(process -> client.get(process, "/v1/backfills/" + id.get(0))
                        .filter(answer -> answer.body().path("state").asText().equals("done"))
                        .isPresent()),
                this::shown);
        Map<Integer, Long> staged = ledger(staging());
        Eventually.holds(
                "merges go on",
                PATIENCE.multipliedBy(2),
                LOOK,
                () -> covers(ledger(stage.table()), staged),
                this::shown);
    }

    /**
     * A pipeline that failed in the meantime is for a person, who starts it again by the command; the same for a
     * process that ended because all its pipelines had failed.
     */
    void restartFailed() {
        for (FirnProcess process : List.copyOf(fleet)) {
            if (!process.isAlive() && process.process().exitCode() == FOR_A_PERSON) {
                log.accept(process.name() + " ended and is started again");
                process.start();
                continue;
            }
            String path = "/v1/pipelines/" + stage.topic();
            client.get(process, path)
                    .filter(answer -> answer.body().path("state").asText().equals("failed"))
                    .ifPresent(failed -> {
                        log.accept(process.name() + " failed: "
                                + failed.body().path("failure").path("what").asText() + "; it is restarted");
                        client.post(process, path + "/restart");
                    });
        }
    }

    private void commit(String table, Consumer<Table> change) {
        Eventually.holds("another engine changes " + table, PATIENCE, () -> {
            try {
                change.accept(around.lake().table(table));
                return true;
            } catch (CommitFailedException another) {
                return false;
            }
        });
    }

    private Map<Integer, Long> ledger(String table) {
        return ledger(around.lake().table(table));
    }

    private Map<Integer, Long> ledger(Table table) {
        return LedgerReader.read(table).fold(present -> next(present.ledger()), fresh -> Map.of(), unknown -> Map.of());
    }

    private Map<Integer, Long> next(Ledger ledger) {
        Map<Integer, Long> next = new TreeMap<>();
        ledger.partitions(stage.topic()).forEach((source, entry) -> next.put(source.partition(), entry.next()));
        return next;
    }

    private String staging() {
        return stage.table() + "_staging";
    }

    private String shown() {
        return List.copyOf(fleet).stream()
                .map(process ->
                        process.name() + " " + client.get(process, "/v1/tables") + client.get(process, "/v1/backfills"))
                .toList()
                .toString();
    }
}
