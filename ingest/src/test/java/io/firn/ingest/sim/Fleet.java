package io.firn.ingest.sim;

import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.ledger.LedgerKeys;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.ServiceUnavailableException;

/**
 * One run: a seed decides what happens, and after every event the guarantee is checked. At the end the faults stop, and
 * then everything Kafka holds has to get into the table.
 */
final class Fleet {
    private static final int EVENTS = 400;
    private static final int STEPS_TO_FINISH = 40_000;
    private static final int PROCESSES = 3;

    private final Random random;
    private final SimClock clock = new SimClock();
    private final SimKafka kafka;
    private final SimTable table;
    private final Set<String> missingSafeguards;
    private final List<SimProcess> processes = new ArrayList<>();
    private final Deque<String> story = new ArrayDeque<>();
    private long names;

    /** @param missingSafeguards of the committers, to show that they are missed */
    Fleet(long seed, Set<String> missingSafeguards) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
        this.kafka = new SimKafka(clock, 1 + random.nextInt(4));
        this.table = new SimTable(kafka);
        this.missingSafeguards = missingSafeguards;
    }

    /** The last events, for a message. */
    String story() {
        return String.join("\n  ", story);
    }

    void run() {
        for (int event = 0; event < EVENTS; event++) {
            happen();
            table.check();
        }
        finish();
    }

    private void happen() {
        int dice = random.nextInt(1000);
        if (dice < 700) {
            step();
        } else if (dice < 800) {
            clock.advance(random.nextInt(400));
        } else if (dice < 890) {
            kafka.produce(random);
        } else if (dice < 915) {
            startOrEnd();
        } else if (dice < 930) {
            freeze();
        } else if (dice < 965) {
            fault(random.nextInt(8));
        } else if (dice < 997) {
            foreign(random.nextInt(6));
        } else if (kafka.partitions().size() < 6) {
            tell("a partition is added");
            kafka.addPartition();
        }
    }

    private void step() {
        List<SimProcess> awake =
                processes.stream().filter(process -> !process.frozen()).toList();
        if (awake.isEmpty()) {
            clock.advance(50);
            return;
        }
        step(awake.get(random.nextInt(awake.size())));
        clock.advance(random.nextInt(20));
    }

    private void step(SimProcess process) {
        try {
            process.step();
            if (process.ended()) {
                processes.remove(process);
            }
        } catch (SimProcess.Crash crash) {
            tell("a process dies while it waits for a commit");
            processes.remove(process);
        }
    }

    private void startOrEnd() {
        int dice = random.nextInt(10);
        if (processes.size() < PROCESSES && dice < 7) {
            tell("a process starts");
            start();
        } else if (!processes.isEmpty() && dice < 9) {
            tell("a process dies");
            processes.remove(random.nextInt(processes.size()));
        } else if (!processes.isEmpty()) {
            tell("a process is asked to stop");
            processes.get(random.nextInt(processes.size())).requestStop();
        }
    }

    private void start() {
        processes.add(
                new SimProcess(kafka, table, clock, new Random(random.nextLong()), () -> names++, missingSafeguards));
    }

    private void freeze() {
        if (!processes.isEmpty()) {
            tell("a process freezes");
            processes.get(random.nextInt(processes.size())).freeze(random.nextInt(15_000));
            if (random.nextBoolean()) {
                clock.advance(SimKafka.SESSION_MILLIS + random.nextInt(2_000));
            }
        }
    }

    private void fault(int which) {
        InMemoryTables catalog = table.tables();
        switch (which) {
            case 0 -> catalog.loseNextReply();
            case 1, 2 -> catalog.landLate();
            case 3, 4 -> tell("a late commit arrives: " + catalog.deliverLate());
            case 5 -> catalog.dropNextRequest();
            case 6 -> catalog.conflictNext();
            default -> {
                if (random.nextBoolean()) {
                    catalog.goAway();
                } else {
                    catalog.comeBack();
                }
            }
        }
        tell("fault " + which);
    }

    private void foreign(int which) {
        try {
            switch (which) {
                case 0, 1 -> foreignAppend();
                case 2 -> foreignRewrite();
                case 3, 4 -> expire();
                default -> rollback();
            }
        } catch (CommitFailedException | CommitStateUnknownException | ServiceUnavailableException refused) {
            tell("a foreign commit failed");
        }
    }

    private void foreignAppend() {
        Table handle = table.open();
        if (handle.currentSnapshot() != null) {
            handle.newFastAppend()
                    .appendFile(SimWriter.write(table.store(), names++, List.of()))
                    .commit();
            tell("a foreign engine appends");
        }
    }

    private void foreignRewrite() {
        List<DataFile> files = table.files();
        if (files.size() >= 2) {
            DataFile first = files.get(random.nextInt(files.size()));
            DataFile second = files.get(random.nextInt(files.size()));
            if (first == second) {
                return;
            }
            List<String> rows = new ArrayList<>(SimTable.rows(table.store(), first));
            rows.addAll(SimTable.rows(table.store(), second));
            DataFile merged = SimWriter.write(table.store(), names++, rows);
            Table handle = table.open();
            handle.newRewrite()
                    .validateFromSnapshot(handle.currentSnapshot().snapshotId())
                    .deleteFile(first)
                    .deleteFile(second)
                    .addFile(merged)
                    .commit();
            tell("a foreign engine rewrites two files");
        }
    }

    private void expire() {
        Table handle = table.open();
        if (handle.currentSnapshot() != null && !rollbackWouldBeForgotten()) {
            handle.expireSnapshots()
                    .expireOlderThan(Long.MAX_VALUE)
                    .retainLast(1)
                    .commit();
            tell("old snapshots are expired");
        }
    }

    /**
     * The one sequence that no reader of a table can see through: rolled back, then written to by another engine, then
     * expired, and no commit of Firn's at any time between. What is left says nothing of the rollback, and the property
     * tells of rows that are gone.
     */
    private boolean rollbackWouldBeForgotten() {
        TableMetadata metadata = table.tables().metadata(SimTable.NAME);
        Snapshot at = metadata.currentSnapshot();
        if (at == null || at.summary().containsKey(LedgerKeys.OFFSETS)) {
            return false;
        }
        while (at != null && !at.summary().containsKey(LedgerKeys.OFFSETS)) {
            at = parent(metadata, at);
        }
        return at != null
                && !java.util.Objects.equals(
                        at.summary().get(LedgerKeys.OFFSETS),
                        metadata.properties().get(LedgerKeys.OFFSETS));
    }

    private void rollback() {
        TableMetadata metadata = table.tables().metadata(SimTable.NAME);
        Snapshot head = metadata.currentSnapshot();
        List<Snapshot> ancestors = new ArrayList<>();
        Snapshot at = head == null ? null : parent(metadata, head);
        while (at != null) {
            if (at.summary().containsKey(LedgerKeys.OFFSETS)) {
                ancestors.add(at);
            }
            at = parent(metadata, at);
        }
        if (!ancestors.isEmpty()) {
            long to =
                    ancestors.get(random.nextInt(Math.min(3, ancestors.size()))).snapshotId();
            table.open().manageSnapshots().rollbackTo(to).commit();
            tell("the table is rolled back");
        }
    }

    private static @org.jspecify.annotations.Nullable Snapshot parent(TableMetadata metadata, Snapshot snapshot) {
        return snapshot.parentId() == null ? null : metadata.snapshot(snapshot.parentId());
    }

    /** Without faults the fleet has to get everything in, whatever happened before. */
    private void finish() {
        tell("the faults stop");
        table.tables().comeBack();
        while (table.tables().late() > 0) {
            table.tables().deliverLate();
            table.check();
        }
        start();
        processes.forEach(SimProcess::calm);
        for (int steps = 0; !table.complete(); steps++) {
            if (steps > STEPS_TO_FINISH) {
                throw new IllegalStateException("stuck at " + table.ledger());
            }
            if (processes.isEmpty()) {
                start();
            }
            step();
            clock.advance(20);
            table.check();
        }
    }

    private void tell(String event) {
        story.add(clock.instant() + " " + event);
        if (story.size() > 60) {
            story.poll();
        }
    }
}
