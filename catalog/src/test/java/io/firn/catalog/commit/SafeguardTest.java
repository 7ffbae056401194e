package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static io.firn.catalog.commit.Commits.P1;
import static io.firn.catalog.commit.Commits.PIPELINE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.Fenced;
import io.firn.catalog.schema.FileSchema;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each safeguard taken out lets exactly the harm through that it is there for; the simulation relies on it. */
final class SafeguardTest {
    private final InMemoryTables tables = new InMemoryTables();
    private Table table;

    @BeforeEach
    void tableWithTenRows() {
        table = tables.create(
                "t", TableCommitterContractTest.SCHEMA, TableCommitterContractTest.UNPARTITIONED, Map.of());
        TableCommitter whole = without(EnumSet.noneOf(Safeguard.class));
        assertThat(whole.attempt(Commits.start(0, 0))).isInstanceOf(Committed.class);
        assertThat(whole.attempt(append(0, 10))).isInstanceOf(Committed.class);
    }

    @Test
    void withoutTheFenceARangeIsCommittedTwice() {
        assertThat(without(Safeguard.FENCE).attempt(append(5, 8))).isInstanceOf(Committed.class);
    }

    @Test
    void withoutTheStartCheckAZombieCommitsAPrefixAgainButNotLess() {
        TableCommitter committer = without(Safeguard.START_CHECK);

        assertThat(committer.attempt(append(5, 8))).isInstanceOf(Fenced.class);
        assertThat(committer.attempt(append(0, 20))).isInstanceOf(Committed.class);
    }

    @Test
    void withoutCarryForwardOtherPartitionsAreForgotten() {
        Committed outcome = (Committed) without(Safeguard.CARRY_FORWARD).attempt(append(10, 20));

        assertThat(outcome.ledger().next(PIPELINE, P0)).hasValue(20);
        assertThat(outcome.ledger().next(PIPELINE, P1)).isEmpty();
    }

    @Test
    void withoutTheCommitIdLookUpALandedCommitLooksFenced() {
        TableCommitter committer = without(Safeguard.COMMIT_ID_LOOKUP);
        TableCommit commit = append(10, 20);
        tables.loseNextReply();
        committer.attempt(commit);

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
    }

    @Test
    void withoutThePropertyFallbackTheLedgerIsGoneWithItsSnapshots() {
        expireAllBehindAForeignHead();

        assertThatThrownBy(() -> without(Safeguard.PROPERTY_FALLBACK).attempt(append(10, 20)))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("table-has-no-ledger"));
    }

    @Test
    void withoutDeferredRemovalFilesThatTheTableHoldsAreRemoved() {
        TableCommitter committer = without(Safeguard.DEFERRED_REMOVAL);
        DataFile file = Commits.file(table);
        TableCommit commit = Commits.append(List.of(file), P0, 10, 20);
        tables.loseNextReply();
        committer.attempt(commit);
        expireAllBehindAForeignHead();

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(tables.files().fileExists(file.location())).isFalse();
    }

    @Test
    void withoutTheSchemaFenceFilesAreCommittedToColumnsThatTheyWereNotWrittenFor() {
        TableCommit written = append(10, 20).writtenFor(List.of(FileSchema.of(table, FileSchema.Values.BY_NAME)));
        tables.open("t").updateSchema().renameColumn("id", "other").commit();

        assertThat(without(EnumSet.noneOf(Safeguard.class)).attempt(written))
                .isInstanceOf(CommitOutcome.SchemaChanged.class);
        assertThat(without(Safeguard.SCHEMA_FENCE).attempt(written)).isInstanceOf(Committed.class);
    }

    private void expireAllBehindAForeignHead() {
        tables.open("t").newFastAppend().appendFile(Commits.file(table)).commit();
        tables.open("t").expireSnapshots().expireOlderThan(Long.MAX_VALUE).commit();
    }

    private TableCommit append(long from, long to) {
        return Commits.append(List.of(Commits.file(table)), P0, from, to);
    }

    private TableCommitter without(Safeguard safeguard) {
        return without(EnumSet.of(safeguard));
    }

    private TableCommitter without(EnumSet<Safeguard> omitted) {
        return new TableCommitter(tables.open("t"), new Random(1), MissingLedger.REFUSE, EnumSet.complementOf(omitted));
    }
}
