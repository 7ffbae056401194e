package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static io.firn.catalog.commit.Commits.PIPELINE;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.commit.TableCommit.Operation;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A property as a fence: beside a commit of rows, and on its own. */
class PropertySwapTest {
    private static final String NAME = "shop.orders";
    private static final String KEY = "firn.backfill.x";

    private final InMemoryTables tables = new InMemoryTables();
    private JobCommitter jobs;
    private PropertyCommitter properties;

    @BeforeEach
    void tableWithALedger() {
        tables.create(NAME, TableCommitterContractTest.SCHEMA, TableCommitterContractTest.UNPARTITIONED, Map.of());
        TableCommitter ingestion = new TableCommitter(tables.open(NAME), new Random(3), MissingLedger.REFUSE);
        ingestion.attempt(Commits.start(0, 0));
        ingestion.attempt(Commits.append(List.of(Commits.file(tables.open(NAME))), P0, 0, 10));
        jobs = new JobCommitter(tables.open(NAME), new Random(7));
        properties = new PropertyCommitter(tables.open(NAME), new Random(7));
        assertThat(put(Optional.empty(), "one")).isEqualTo(PropertyCommitter.Outcome.COMMITTED);
    }

    @Test
    void rowsAndThePropertyChangeInOneCommit() {
        assertThat(jobs.attempt(chunk("one", "two", 10))).isInstanceOf(JobOutcome.Committed.class);
        assertThat(value()).isEqualTo("two");
        assertThat(table().currentSnapshot().summary()).containsEntry("firn.operation", "backfill");
    }

    @Test
    void aCommitIsFencedWhereThePropertyIsAnother() {
        put(Optional.of("one"), "cancelled");
        JobCommit commit = chunk("one", "two", 10);
        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Fenced.class);
        assertThat(value()).isEqualTo("cancelled");
        assertThat(commit.newFiles()).noneMatch(tables.files()::fileExists);
    }

    @Test
    void aCommitIsFencedWhereTheLedgerDoesNotCoverIt() {
        assertThat(jobs.attempt(chunk("one", "two", 11))).isInstanceOf(JobOutcome.Fenced.class);
        assertThat(value()).isEqualTo("one");
    }

    @Test
    void aLostAnswerIsFoundAndNotDoneTwice() {
        JobCommit commit = chunk("one", "two", 10);
        tables.loseNextReply();
        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Undecided.class);
        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Committed.class);
        assertThat(table().snapshots()).hasSize(3);
    }

    @Test
    void aPropertyOnItsOwnIsComparedAndSwapped() {
        assertThat(put(Optional.of("other"), "two")).isEqualTo(PropertyCommitter.Outcome.CHANGED);
        assertThat(put(Optional.of("one"), "two")).isEqualTo(PropertyCommitter.Outcome.COMMITTED);
        assertThat(value()).isEqualTo("two");
    }

    @Test
    void ofAPropertyWhoseAnswerWasLostTheNextAttemptSaysThatItLanded() {
        tables.loseNextReply();
        assertThat(put(Optional.of("one"), "two")).isEqualTo(PropertyCommitter.Outcome.UNDECIDED);
        assertThat(put(Optional.of("one"), "two")).isEqualTo(PropertyCommitter.Outcome.COMMITTED);
    }

    @Test
    void aConflictIsTriedAgain() {
        tables.conflictNext();
        assertThat(put(Optional.of("one"), "two")).isEqualTo(PropertyCommitter.Outcome.UNDECIDED);
        assertThat(put(Optional.of("one"), "two")).isEqualTo(PropertyCommitter.Outcome.COMMITTED);
    }

    private PropertyCommitter.Outcome put(Optional<String> expected, String value) {
        return properties.attempt(PropertySwap.of(KEY, expected, Optional.of(value)), Set.of());
    }

    private JobCommit chunk(String expected, String value, long covered) {
        DataFile added = Commits.file(table());
        TreeMap<io.firn.catalog.ledger.SourcePartition, Long> upTo = new TreeMap<>();
        upTo.put(P0, covered);
        return JobCommit.carrying(
                        UUID.randomUUID(),
                        Operation.BACKFILL,
                        new TreeMap<>(),
                        transaction -> transaction.newRowDelta().addRows(added),
                        List.of(added.location()))
                .of(PIPELINE)
                .with(new PropertySwap(KEY, Optional.of(expected), Optional.of(value), upTo));
    }

    private Table table() {
        return tables.open(NAME);
    }

    private String value() {
        return String.valueOf(table().properties().get(KEY));
    }
}
