package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static io.firn.catalog.commit.Commits.P1;
import static io.firn.catalog.commit.Commits.PIPELINE;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.BeforeEach;

/** A table, a committer on it, and what tests of any catalog do to both. */
abstract class CommitterRig {
    static final Schema SCHEMA = new Schema(Types.NestedField.optional(1, "id", Types.LongType.get()));
    static final PartitionSpec UNPARTITIONED = PartitionSpec.unpartitioned();

    Table writer;
    TableCommitter committer;

    /** Makes the table that {@link #open} opens; it has no snapshot. */
    abstract void createTable();

    /** A handle of its own, with faults that {@link #faults} arms. */
    abstract Table open();

    abstract Faults faults();

    /** What can go wrong between a committer and its catalog; each counts for the next commit of an opened handle. */
    interface Faults {
        void loseNextReply();

        void dropNextRequest();

        void landLate();

        boolean deliverLate();

        void conflictNext();

        void hideNextSuccess();

        /** What others do once the next commit has landed, before its committer hears of it. */
        void meanwhile(Runnable story);

        void goAway();

        void comeBack();
    }

    @BeforeEach
    void openTable() {
        createTable();
        writer = open();
        committer = newCommitter();
    }

    final TableCommitter newCommitter() {
        return new TableCommitter(open(), new Random(42), MissingLedger.REFUSE);
    }

    final DataFile file() {
        return Commits.file(writer);
    }

    final Committed committed(TableCommit commit) {
        CommitOutcome outcome = committer.attempt(commit);
        assertThat(outcome).isInstanceOf(Committed.class);
        return (Committed) outcome;
    }

    final TableCommit heartbeat(long until0, long until1) {
        long at0 = next(0).orElseThrow();
        long at1 = next(1).orElseThrow();
        return Commits.of(
                Operation.HEARTBEAT,
                List.of(),
                Commits.steps(
                        PartitionStep.advance(new OffsetRange(at0, at0), OptionalLong.of(until0)),
                        PartitionStep.advance(new OffsetRange(at1, at1), OptionalLong.of(until1))));
    }

    final void foreignAppend() {
        Table foreign = open();
        foreign.newFastAppend().appendFile(file()).commit();
    }

    final void expireAllButHead() {
        open().expireSnapshots()
                .expireOlderThan(Long.MAX_VALUE)
                .retainLast(1)
                .cleanExpiredFiles(true)
                .commit();
        assertThat(open().snapshots()).hasSize(1);
    }

    final boolean exists(DataFile file) {
        try {
            return writer.io().newInputFile(file.location()).exists();
        } catch (NotFoundException e) {
            return false;
        }
    }

    final Snapshot head() {
        Snapshot head = open().currentSnapshot();
        assertThat(head).isNotNull();
        return head;
    }

    final String records() {
        return head().summary().getOrDefault("total-records", "");
    }

    final io.firn.catalog.ledger.Ledger ledgerOfTable() {
        return ((LedgerState.Present) LedgerReader.read(open())).ledger();
    }

    final PartitionEntry entry(int partition) {
        return ledgerOfTable().entry(PIPELINE, partition == 0 ? P0 : P1).orElseThrow();
    }

    final OptionalLong next(int partition) {
        return ledgerOfTable().next(PIPELINE, partition == 0 ? P0 : P1);
    }
}
