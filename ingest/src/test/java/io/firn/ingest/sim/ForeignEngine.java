package io.firn.ingest.sim;

import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerKeys;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.jspecify.annotations.Nullable;

/** What others do to the table: engines that write, maintenance that expires, people who roll back. */
final class ForeignEngine {
    private final SimTable table;
    private final Random random;
    private final Coverage coverage;
    private int names;

    ForeignEngine(SimTable table, Random random, Coverage coverage) {
        this.table = table;
        this.random = random;
        this.coverage = coverage;
    }

    /** @return what it did, if anything */
    String act() {
        switch (random.nextInt(9)) {
            case 0:
                return append();
            case 1:
                return rewrite();
            case 2:
                return deleteRows();
            case 3:
            case 4:
                return expire();
            case 5:
                return rollBack();
            case 6:
                return rollForward();
            case 7:
                return setProperty();
            default:
                return random.nextInt(3) == 0 ? coverUpRollback() : rewriteOrAppend() + ", then " + expire();
        }
    }

    /** What hurts most right after a commit landed whose committer does not know. */
    String actAtTheWorstMoment() {
        coverage.count("others write, expire or roll back while a commit's answer is lost");
        switch (random.nextInt(6)) {
            case 0:
                return append() + ", then " + expire();
            case 1:
                return rewrite() + ", then " + expire();
            case 2:
                return rollBack(1);
            case 3:
            case 4:
                return rollBack(1) + ", then " + append() + ", then " + expire();
            default:
                return deleteRows();
        }
    }

    /** Nothing but what earlier versions of the metadata hold tells of it. */
    private String coverUpRollback() {
        String what = rollBack() + ", then " + append() + ", then " + append() + ", then " + expire();
        for (int i = 0; i < 4; i++) {
            setProperty();
        }
        return what;
    }

    private String rewriteOrAppend() {
        return random.nextBoolean() ? rewrite() : append();
    }

    private String append() {
        Table handle = table.openForeign();
        if (handle.currentSnapshot() == null) {
            return "nothing";
        }
        handle.newFastAppend().appendFile(table.files().write(List.of())).commit();
        return told("a foreign engine appends");
    }

    private String rewrite() {
        List<DataFile> files = table.referenced();
        if (files.size() < 2) {
            return "nothing";
        }
        DataFile first = files.get(random.nextInt(files.size()));
        DataFile second = files.get(random.nextInt(files.size()));
        if (first == second) {
            return "nothing";
        }
        List<Position> rows = new ArrayList<>(table.files().rows(first));
        rows.addAll(table.files().rows(second));
        Table handle = table.openForeign();
        handle.newRewrite()
                .validateFromSnapshot(handle.currentSnapshot().snapshotId())
                .deleteFile(first)
                .deleteFile(second)
                .addFile(table.files().write(rows))
                .commit();
        return told("a foreign engine rewrites two files");
    }

    private String deleteRows() {
        List<DataFile> files = table.referenced();
        if (files.isEmpty()) {
            return "nothing";
        }
        DataFile file = files.get(random.nextInt(files.size()));
        List<Position> kept = new ArrayList<>();
        Set<Position> gone = new HashSet<>();
        for (Position row : table.files().rows(file)) {
            if (random.nextBoolean()) {
                kept.add(row);
            } else {
                gone.add(row);
            }
        }
        String name = Integer.toString(names++);
        table.announceDeletion(name, gone);
        OverwriteFiles overwrite =
                table.openForeign().newOverwrite().deleteFile(file).set("deletion", name);
        overwrite.addFile(table.files().write(kept)).commit();
        return told("a foreign engine deletes rows");
    }

    private String expire() {
        Table handle = table.openForeign();
        if (handle.currentSnapshot() == null) {
            return "nothing";
        }
        table.check(); // the model has to see a snapshot while it is there
        handle.expireSnapshots()
                .expireOlderThan(Long.MAX_VALUE)
                .retainLast(1 + random.nextInt(2))
                .commit();
        if (!handle.currentSnapshot().summary().containsKey(LedgerKeys.OFFSETS)) {
            coverage.count("snapshots are expired behind a foreign head");
        }
        return told("old snapshots are expired");
    }

    private String rollBack() {
        return rollBack(4);
    }

    /** @param most how many snapshots it goes back at the most */
    private String rollBack(int most) {
        TableMetadata metadata = table.tables().metadata(SimTable.NAME);
        List<Snapshot> ancestors = new ArrayList<>();
        Snapshot head = metadata.currentSnapshot();
        for (Snapshot at = parent(metadata, head); at != null; at = parent(metadata, at)) {
            ancestors.add(at);
        }
        if (ancestors.isEmpty()) {
            return "nothing";
        }
        long to =
                ancestors.get(random.nextInt(Math.min(most, ancestors.size()))).snapshotId();
        table.openForeign().manageSnapshots().rollbackTo(to).commit();
        return told("the table is rolled back");
    }

    private String rollForward() {
        TableMetadata metadata = table.tables().metadata(SimTable.NAME);
        Set<Long> ancestry = new HashSet<>();
        for (Snapshot at = metadata.currentSnapshot(); at != null; at = parent(metadata, at)) {
            ancestry.add(at.snapshotId());
        }
        List<Snapshot> others = new ArrayList<>(metadata.snapshots());
        others.removeIf(snapshot -> ancestry.contains(snapshot.snapshotId()));
        if (others.isEmpty()) {
            return "nothing";
        }
        long to = others.get(random.nextInt(others.size())).snapshotId();
        table.openForeign().manageSnapshots().setCurrentSnapshot(to).commit();
        return told("a rollback is taken back");
    }

    private String setProperty() {
        table.openForeign()
                .updateProperties()
                .set("comment", Integer.toString(names++))
                .commit();
        return told("somebody sets a table property");
    }

    /** What a person does about a table that is refused: finds out what it holds and says so. */
    String declareLedger() {
        Table handle = table.openForeign();
        handle.updateProperties()
                .set(LedgerKeys.OFFSETS, LedgerCodec.write(table.truth().ledger()))
                .set(
                        LedgerKeys.OFFSETS_SNAPSHOT,
                        Long.toString(handle.currentSnapshot().snapshotId()))
                .commit();
        table.vouchedForHead();
        return told("a person declares the ledger of a table that nobody can tell");
    }

    private String told(String what) {
        coverage.count(what);
        return what;
    }

    private static @Nullable Snapshot parent(TableMetadata metadata, @Nullable Snapshot snapshot) {
        return snapshot == null || snapshot.parentId() == null ? null : metadata.snapshot(snapshot.parentId());
    }
}
