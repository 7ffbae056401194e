package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.Fenced;
import io.firn.catalog.commit.CommitOutcome.Undecided;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotParser;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.TableOperations;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What mutants of the commit code got away with until somebody asked. */
final class CommitEdgesTest {
    private static final SourcePartition P2 = new SourcePartition(P0.topic(), P0.topicId(), 2);

    private final InMemoryTables tables = new InMemoryTables();
    private Table table;
    private TableCommitter committer;

    @BeforeEach
    void createTable() {
        tables.create("t", CommitterRig.SCHEMA, PartitionSpec.unpartitioned(), Map.of());
        table = tables.open("t");
        committer = new TableCommitter(tables.open("t"), new Random(42), MissingLedger.REFUSE);
    }

    private void committed(TableCommit commit) {
        assertThat(committer.attempt(commit)).isInstanceOf(Committed.class);
        table.refresh();
    }

    private Snapshot head() {
        return tables.open("t").currentSnapshot();
    }

    private void foreignAppend() {
        Table foreign = tables.open("t");
        foreign.newFastAppend().appendFile(Commits.file(foreign)).commit();
    }

    @Test
    void aCommitWhoseSnapshotAloneWasExpiredAfterARollbackIsNotRepeatedWithFilesThatAreGone() {
        committed(Commits.start(0, 0));
        committed(Commits.append(List.of(Commits.file(table)), P0, 0, 10));
        long before = head().snapshotId();
        DataFile file = Commits.file(table);
        TableCommit commit = Commits.append(List.of(file), P0, 10, 20);
        tables.loseNextReply();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        long landed = head().snapshotId();
        tables.open("t").manageSnapshots().rollbackTo(before).commit();
        tables.open("t").expireSnapshots().expireSnapshotId(landed).commit();

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(head().snapshotId()).isEqualTo(before);
    }

    @Test
    void filesOfTheFirstCommitStayWhereItsSuccessLookedLikeAConflictAndItsSnapshotWasExpired() {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(
                P0,
                new PartitionStep(
                        OptionalLong.empty(),
                        new OffsetRange(0, 10),
                        OptionalLong.empty(),
                        List.of(),
                        new TreeMap<>()));
        DataFile file = Commits.file(table);
        TableCommit commit = Commits.of(Operation.APPEND, List.of(file), steps);
        tables.hideNextSuccess();
        tables.meanwhile(() -> {
            foreignAppend();
            tables.open("t")
                    .expireSnapshots()
                    .expireOlderThan(Long.MAX_VALUE)
                    .retainLast(1)
                    .commit();
        });

        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(table.io().newInputFile(file.location()).exists()).isTrue();
    }

    @Test
    void aCommitWaitsWhereTheLastSnapshotIsFromMinutesLaterThanTheClockSays() {
        committed(Commits.start(0, 0));
        snapshotOf(System.currentTimeMillis() + 300_000);
        DataFile file = Commits.file(table);
        TableCommit commit = Commits.append(List.of(file), P0, 0, 10);

        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        assertThat(table.io().newInputFile(file.location()).exists()).isTrue();
    }

    /** As somebody commits whose clock says that. */
    private void snapshotOf(long timestampMillis) {
        TableOperations operations = ((BaseTable) tables.open("t")).operations();
        TableMetadata base = operations.current();
        String snapshot = SnapshotParser.toJson(base.currentSnapshot())
                .replaceAll("\"timestamp-ms\" ?: ?\\d+", "\"timestamp-ms\":" + base.lastUpdatedMillis())
                .replaceAll("\"snapshot-id\" ?: ?-?\\d+", "\"snapshot-id\":4711")
                .replaceAll("\"sequence-number\" ?: ?\\d+", "\"sequence-number\":" + (base.lastSequenceNumber() + 1));
        TableMetadata next = TableMetadata.buildFrom(base)
                .setBranchSnapshot(SnapshotParser.fromJson(snapshot), SnapshotRef.MAIN_BRANCH)
                .build();
        // The library's own builder would not do it by this machine's clock.
        String json = TableMetadataParser.toJson(next)
                .replace("\"timestamp-ms\":" + base.lastUpdatedMillis(), "\"timestamp-ms\":" + timestampMillis)
                .replaceAll("\"last-updated-ms\":\\d+", "\"last-updated-ms\":" + timestampMillis);
        operations.commit(base, TableMetadataParser.fromJson(json));
    }

    @Test
    void theLedgerIsFoundBehindSnapshotsOfOthersAlsoWhereSomebodyRemovedTheProperty() {
        committed(Commits.start(0, 0));
        committed(Commits.append(List.of(Commits.file(table)), P0, 0, 10));
        foreignAppend();
        foreignAppend();
        tables.open("t").updateProperties().remove(LedgerKeys.OFFSETS).commit();

        assertThat(LedgerReader.read(tables.open("t"))).isInstanceOfSatisfying(LedgerState.Present.class, present -> {
            assertThat(present.origin()).isEqualTo(LedgerState.Origin.SUMMARY);
            assertThat(present.ledger().next(Commits.PIPELINE, P0)).hasValue(10);
        });
    }

    @Test
    void theWatermarkOutlivesAPartitionOfWhichNothingIsKnownAndOneThatIsFurtherBack() {
        committed(Commits.start(0, 0));
        committed(until(5_000));
        assertThat(watermark()).isEqualTo(Instant.ofEpochMilli(5_000).toString());

        TreeMap<SourcePartition, PartitionStep> appears = new TreeMap<>();
        appears.put(
                P2,
                new PartitionStep(
                        OptionalLong.empty(), new OffsetRange(0, 4), OptionalLong.empty(), List.of(), new TreeMap<>()));
        committed(Commits.of(Operation.APPEND, List.of(Commits.file(table)), appears));
        assertThat(watermark()).isEqualTo(Instant.ofEpochMilli(5_000).toString());

        TreeMap<SourcePartition, PartitionStep> late = new TreeMap<>();
        late.put(P2, PartitionStep.advance(new OffsetRange(4, 4), OptionalLong.of(1_000)));
        committed(Commits.of(Operation.HEARTBEAT, List.of(), late));
        assertThat(watermark()).isEqualTo(Instant.ofEpochMilli(5_000).toString());
    }

    @Test
    void aPartitionStaysCompleteUpToWhereItWasWhenACommitDoesNotKnow() {
        committed(Commits.start(0, 0));
        committed(until(5_000));
        committed(Commits.append(List.of(Commits.file(table)), P0, 0, 10));

        LedgerState.Present state = (LedgerState.Present) LedgerReader.read(tables.open("t"));
        assertThat(state.ledger().entry(Commits.PIPELINE, P0).orElseThrow().until())
                .hasValue(5_000);
        assertThat(state.watermark()).contains(Instant.ofEpochMilli(5_000));
    }

    @Test
    void theSummaryNamesNoPartitionThatHasNothingToSay() {
        committed(Commits.start(0, 0));
        assertThat(head().summary()).containsEntry("firn.ranges", "{}").doesNotContainKeys("firn.gaps", "firn.skipped");

        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>(Commits.steps(
                PartitionStep.advance(new OffsetRange(0, 0), OptionalLong.of(1)),
                new PartitionStep(
                        OptionalLong.of(0),
                        new OffsetRange(5, 10),
                        OptionalLong.empty(),
                        List.of(new OffsetRange(0, 5)),
                        new TreeMap<>(Map.of("null-value", 3L)))));
        committed(Commits.of(Operation.APPEND, List.of(Commits.file(table)), steps));
        assertThat(head().summary())
                .containsEntry("firn.ranges", "{\"orders\":{\"orders\":{\"1\":[5,10]}}}")
                .containsEntry("firn.gaps", "{\"orders\":{\"orders\":{\"1\":[[0,5]]}}}")
                .containsEntry("firn.skipped", "{\"orders\":{\"orders\":{\"1\":{\"null-value\":3}}}}");
    }

    @Test
    void aTableWithSnapshotsAndNoRowsNeedsNobodyToAdoptIt() {
        Table foreign = tables.open("t");
        foreign.newFastAppend().commit();

        assertThat(LedgerReader.read(tables.open("t"))).isInstanceOf(LedgerState.Fresh.class);
        committed(Commits.start(0, 0));
    }

    private static TableCommit until(long millis) {
        return Commits.of(
                Operation.HEARTBEAT,
                List.of(),
                Commits.steps(
                        PartitionStep.advance(new OffsetRange(0, 0), OptionalLong.of(millis)),
                        PartitionStep.advance(new OffsetRange(0, 0), OptionalLong.of(millis))));
    }

    private String watermark() {
        return head().summary().getOrDefault("firn.watermark", "none");
    }
}
