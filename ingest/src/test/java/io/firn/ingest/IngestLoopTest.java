package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.commit.CommitGroup;
import io.firn.ingest.commit.CommitListener;
import io.firn.ingest.commit.TopicGuard;
import io.firn.ingest.record.LargeRecords;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.TopicSelection;
import io.firn.ingest.rig.MemoryFiles;
import io.firn.ingest.rig.MemoryTable;
import io.firn.ingest.rig.OnePartitionSource;
import io.firn.ingest.sim.SimClock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.iceberg.DataFile;
import org.junit.jupiter.api.Test;

/** Two workers and their group, turned by hand on a clock of their own. */
class IngestLoopTest {
    private static final SourcePartition P0 = new SourcePartition("orders", "topic-id", 0);
    private static final SourcePartition P1 = new SourcePartition("orders", "topic-id", 1);
    private static final int TURNS = 2_000;

    private final SimClock clock = new SimClock();
    private final MemoryTable table = new MemoryTable();
    private final MemoryFiles files = new MemoryFiles();
    private final PipelineSettings settings = new PipelineSettings(
            "orders",
            TopicSelection.named(List.of("orders")),
            2,
            Duration.ofMillis(100),
            1 << 20,
            1 << 20,
            Duration.ofMinutes(5),
            StartPosition.earliest(),
            PipelineSettings.OnGap.STOP);
    private final CommitGroup group = new CommitGroup(
            new CommitGroup.Plan("orders", settings.commitInterval(), settings.heartbeatInterval()),
            table,
            new TopicGuard(names -> Map.of("orders", "topic-id"), TopicGuard.Recreated.FAIL),
            files,
            new Silent(),
            clock,
            new Random(1));
    private final PipelineHealth health = new PipelineHealth(clock);
    private final IngestLoop.Shared shared =
            new IngestLoop.Shared(group, (decided, allowed) -> decided.getAsBoolean(), new Counters(), clock, health);
    private final OnePartitionSource source0 = new OnePartitionSource(P0, Set.of(P0, P1));
    private final OnePartitionSource source1 = new OnePartitionSource(P1, Set.of(P0, P1));
    private final IngestLoop loop0 = new IngestLoop(0, settings, source0, files.writer(), shared);
    private final IngestLoop loop1 = new IngestLoop(1, settings, source1, files.writer(), shared);

    /** What arrives while Kafka answers may bear any time from then on, and is not in the table. */
    @Test
    void aPartitionIsCompleteUpToTheMomentBeforeKafkaWasAskedForItsEnd() {
        AtomicLong asked = new AtomicLong();
        source0.whenAsked(() -> {
            asked.set(clock.millis());
            clock.advance(7_000);
            source0.produce(1);
        });
        source0.produce(3);
        turnUntil(() -> next(P0) >= 3);

        assertThat(lastStep(P0).until()).hasValue(asked.get());
    }

    @Test
    void aSealForWhichKafkaDoesNotAnswerIsRepeatedAndNothingIsLostOrLeftBehind() {
        source0.produce(3);
        source1.produce(3);
        turnUntil(() -> next(P0) == 3 && next(P1) == 3);
        source0.produce(2);
        source1.produce(2);
        source1.refuse(4);
        long epoch = group.epoch();
        turnUntil(() -> source1.refusalsLeft() == 0);
        turnUntil(() -> next(P0) == 5 && next(P1) == 5);

        assertThat(group.epoch()).as("work was dropped").isGreaterThan(epoch);
        assertThat(files.rows(table.files()))
                .hasSize(10)
                .doesNotHaveDuplicates()
                .allSatisfy(row -> assertThat(row.value()).isEqualTo(Long.toString(row.offset())));
        assertThat(files.locations())
                .as("no file is left that the table does not hold")
                .containsExactlyInAnyOrderElementsOf(
                        table.files().stream().map(DataFile::location).toList());
    }

    /** Kafka's answer to a report is how a member that was given up finds out; one that never commits has to ask too. */
    @Test
    void aWorkerThatIsFencedReportsHowFarOthersHaveGot() {
        source0.produce(3);
        turnUntil(() -> next(P0) == 3 && source0.reported().equals(OptionalLong.of(3)));
        source0.produce(2);
        loop0.turn();
        advanceForOthers(P0, new OffsetRange(3, 5));
        long epoch = group.epoch();
        turnUntil(() -> group.epoch() > epoch);
        int commits = table.commits().size();
        turnUntil(() -> source0.reported().equals(OptionalLong.of(5)));

        assertThat(table.commits()).as("none of its own since").hasSize(commits);
    }

    @Test
    void aWorkerThatIsStoppedWhileTheStoreIsAwaySaysThatItDroppedWhatItConsumedLast() {
        source0.produce(3);
        turnUntil(() -> next(P0) == 3);
        source0.produce(2);
        files.goAway();
        turnUntil(() -> group.epoch() > 0);
        stop();

        assertThat(loop0.droppedAtEnd()).isTrue();
        assertThat(loop1.droppedAtEnd())
                .as("a worker that had consumed nothing")
                .isFalse();
        assertThat(next(P0)).isEqualTo(3);
    }

    @Test
    void stopReportsWhatItCannotWriteThoughItWasFencedBefore() {
        source0.produce(3);
        turnUntil(() -> next(P0) == 3);
        source0.produce(2);
        loop0.turn();
        advanceForOthers(P0, new OffsetRange(3, 5));
        long epoch = group.epoch();
        turnUntil(() -> group.epoch() > epoch && source0.reported().equals(OptionalLong.of(5)));
        source0.produce(2);
        loop0.turn();
        files.goAway();
        stop();

        assertThat(loop0.droppedAtEnd()).isTrue();
        assertThat(next(P0)).isEqualTo(5);
    }

    @Test
    void storeThatIsAwayIsAnOutageOfTheWorkerUntilTheTableHasWhatWasDropped() {
        source0.produce(3);
        turnUntil(() -> next(P0) == 3);
        assertThat(health.troubles()).isEmpty();
        source0.produce(2);
        files.goAway();
        turnUntil(() -> group.epoch() > 0);
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.component()).isEqualTo("worker 0");
            assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.OUTAGE);
            assertThat(trouble.reason()).isNotBlank();
        });
        files.comeBack();
        turnUntil(() -> next(P0) == 5 && health.troubles().isEmpty());
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void aWorkerThatIsStoppedAfterTheStoreCameBackHasDroppedNothing() {
        source0.produce(3);
        files.goAway();
        turnUntil(() -> group.epoch() > 0);
        files.comeBack();
        turnUntil(() -> next(P0) == 3);
        source0.produce(2);
        loop0.turn();
        stop();

        assertThat(loop0.droppedAtEnd()).isFalse();
        assertThat(next(P0)).isEqualTo(5);
    }

    @Test
    void aRecordThatIsRefusedEndsThePipelineAfterWhatCameBeforeItIsCommitted() {
        files.refuse("2");
        source0.produce(3);

        assertThatThrownBy(() -> turnUntil(() -> false))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("bad-record"));
        assertThat(next(P0)).isEqualTo(2);
    }

    @Test
    void aRecordThatKafkasClientHasNoMemoryForEndsThePipelineAfterWhatCameBeforeItIsCommitted() {
        source0.produce(3);
        source0.failAt(2, LargeRecords.failure(P0, 2, new OutOfMemoryError("Java heap space")));

        assertThatThrownBy(() -> turnUntil(() -> false))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo(LargeRecords.CODE));
        assertThat(next(P0)).isEqualTo(2);
    }

    /** The row may be written in part, so nothing beside it is committed. */
    @Test
    void aLargeRecordThatMemoryRunsOutForWhileItIsWrittenIsNamed() {
        source0.produce(1);
        turnUntil(() -> next(P0) == 1);
        source0.valueBytes(2 << 20);
        files.runOutOfMemory();
        source0.produce(2);

        assertThatThrownBy(() -> turnUntil(() -> false)).isInstanceOfSatisfying(FirnException.class, e -> {
            assertThat(e.code()).isEqualTo(LargeRecords.CODE);
            assertThat(e.where()).isEqualTo("topic orders, partition 0, offset 1");
        });
        assertThat(next(P0)).isEqualTo(1);
    }

    @Test
    void aSmallRecordIsNotToBlameIfMemoryRunsOut() {
        source0.produce(1);
        files.runOutOfMemory();

        assertThatThrownBy(() -> turnUntil(() -> false)).isInstanceOf(OutOfMemoryError.class);
    }

    /** It may fit into the table as others have changed it meanwhile. */
    @Test
    void aRecordThatIsRefusedIsReadAgainIfTheTableHasChanged() {
        files.refuse("2");
        files.change();
        source0.produce(3);
        turnUntil(() -> next(P0) == 3);

        assertThat(files.rows(table.files()))
                .extracting(MemoryFiles.Row::offset)
                .containsExactly(0L, 1L, 2L);
    }

    @Test
    void aWorkerThatIsStoppedAtARecordThatWasRefusedCommitsWhatCameBeforeIt() {
        source0.produce(1);
        turnUntil(() -> next(P0) == 1);
        files.refuse("2");
        source0.produce(2);
        loop0.turn();
        stop();

        assertThat(next(P0)).isEqualTo(2);
    }

    private void stop() {
        loop0.requestStop();
        loop1.requestStop();
        Set<IngestLoop> running = new HashSet<>(Set.of(loop0, loop1));
        for (int turn = 0; turn < TURNS && !running.isEmpty(); turn++) {
            running.removeIf(loop -> loop.turn() == IngestLoop.Turn.DONE);
            group.turn();
            clock.advance(50);
        }
        assertThat(running).as("workers that have not ended in time").isEmpty();
    }

    private void turnUntil(BooleanSupplier done) {
        for (int turn = 0; turn < TURNS && !done.getAsBoolean(); turn++) {
            loop0.turn();
            loop1.turn();
            group.turn();
            clock.advance(50);
        }
        assertThat(done.getAsBoolean()).as("came to it in time").isTrue();
    }

    private void advanceForOthers(SourcePartition partition, OffsetRange range) {
        TreeMap<SourcePartition, PartitionStep> steps =
                new TreeMap<>(Map.of(partition, PartitionStep.advance(range, OptionalLong.empty())));
        assertThat(table.attempt(
                        new TableCommit(UUID.randomUUID(), "orders", TableCommit.Operation.APPEND, List.of(), steps)))
                .isInstanceOf(CommitOutcome.Committed.class);
    }

    private long next(SourcePartition partition) {
        return table.refreshedLedger().next("orders", partition).orElse(-1);
    }

    private PartitionStep lastStep(SourcePartition partition) {
        List<TableCommit> commits = table.commits();
        return Objects.requireNonNull(commits.get(commits.size() - 1).steps().get(partition));
    }

    private static final class Silent implements CommitListener {
        @Override
        public void committed(CommitOutcome.Committed outcome, Map<SourcePartition, Long> rows) {}

        @Override
        public void fenced(CommitOutcome.Fenced outcome) {}

        @Override
        public void schemaChanged(CommitOutcome.SchemaChanged outcome) {}
    }
}
