package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.FirnException.Kind;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.commit.CommitGroup;
import io.firn.ingest.commit.CommitListener;
import io.firn.ingest.commit.TopicGuard;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.TopicSelection;
import io.firn.ingest.rig.MemoryFiles;
import io.firn.ingest.rig.MemoryTable;
import io.firn.ingest.sim.SimClock;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** One partition whose topic is deleted and created again at an awkward moment, or whose log is cut short. */
class AssignmentTest {
    private static final String PIPELINE = "orders";
    private static final SourcePartition BEFORE = new SourcePartition("orders", "first-id", 0);
    private static final SourcePartition AFTER = new SourcePartition("orders", "second-id", 0);
    private static final long IN_TABLE = 5;

    private final SimClock clock = new SimClock();
    private final MemoryTable table = new MemoryTable();
    private final Kafka kafka = new Kafka();
    private final CommitGroup group = new CommitGroup(
            new CommitGroup.Plan(PIPELINE, Duration.ofMillis(100), Duration.ofMinutes(5)),
            table,
            new TopicGuard(names -> Map.of("orders", kafka.now.topicId()), TopicGuard.Recreated.BEGIN_AGAIN),
            new MemoryFiles(),
            new Silent(),
            clock,
            new Random(1));
    private Assignment assignment = assignment(PipelineSettings.OnGap.RECORD);

    private Assignment assignment(PipelineSettings.OnGap onGap) {
        PipelineSettings settings = new PipelineSettings(
                PIPELINE,
                TopicSelection.named(List.of("orders")),
                1,
                Duration.ofMillis(100),
                1 << 20,
                1 << 20,
                Duration.ofMinutes(5),
                StartPosition.earliest(),
                onGap);
        return new Assignment(settings, kafka, group, new Counters());
    }

    @Test
    void aTopicCreatedAgainBetweenTwoAnswersIsNoLogThatWasCutShortAndItsRecordsAreReadFromTheirStart() {
        ledgerAt(IN_TABLE);
        assignment.add(Set.of(BEFORE));
        kafka.whenAskedForBounds = () -> kafka.recreate(2);
        assertThatThrownBy(this::position).isInstanceOfSatisfying(FirnException.class, failure -> {
            assertThat(failure.kind()).as("asked again, not stopped").isEqualTo(Kind.EXTERNAL);
            assertThat(failure.code()).isEqualTo("topic-recreated");
        });
        assertThat(kafka.sought).isEmpty();

        settle();
        assertThat(kafka.sought).isEqualTo(Map.of(AFTER, 0L));
        assertThat(assignment.partitions()).containsExactly(AFTER);
        assertThat(table.refreshedLedger().next(PIPELINE, AFTER)).hasValue(0);
        assertThat(table.refreshedLedger().known(PIPELINE, BEFORE).map(PartitionEntry::next))
                .as("where the earlier one ended is kept")
                .contains(IN_TABLE);
    }

    @Test
    void aTopicCreatedAgainWhileItIsReadIsNoLogThatWasCutShort() {
        ledgerAt(IN_TABLE);
        assignment.add(Set.of(BEFORE));
        settle();
        assertThat(kafka.sought).isEqualTo(Map.of(BEFORE, IN_TABLE));
        kafka.recreate(2);
        assertThatThrownBy(() -> assignment.skipLost(new OffsetGapException(BEFORE, IN_TABLE, new OffsetRange(0, 2))))
                .isInstanceOfSatisfying(FirnException.class, failure -> assertThat(failure.kind())
                        .isEqualTo(Kind.EXTERNAL));

        assignment.startOver();
        settle();
        assertThat(kafka.sought).containsEntry(AFTER, 0L);
        assertThat(assignment.partitions()).containsExactly(AFTER);
    }

    @Test
    void aLogOfTheSameTopicThatWasCutShortStopsThePipeline() {
        ledgerAt(IN_TABLE);
        kafka.end = 2;
        assignment.add(Set.of(BEFORE));
        assertThatThrownBy(this::position).isInstanceOfSatisfying(FirnException.class, failure -> {
            assertThat(failure.kind()).isEqualTo(Kind.USER);
            assertThat(failure.code()).isEqualTo("log-truncated");
        });
        assertThat(kafka.sought).isEmpty();
    }

    @Test
    void aTopicCreatedAgainStopsAPipelineThatRecordsNoGaps() {
        assignment = assignment(PipelineSettings.OnGap.STOP);
        ledgerAt(IN_TABLE);
        kafka.recreate(20);
        assignment.add(Set.of(BEFORE));
        assertThatThrownBy(this::settle).isInstanceOfSatisfying(FirnException.class, failure -> {
            assertThat(failure.kind()).isEqualTo(Kind.USER);
            assertThat(failure.code()).isEqualTo("topic-recreated");
        });
        assertThat(table.refreshedLedger().next(PIPELINE, BEFORE)).hasValue(IN_TABLE);
    }

    private void ledgerAt(long next) {
        commit(PartitionStep.start(0));
        commit(PartitionStep.advance(new OffsetRange(0, next), OptionalLong.empty()));
    }

    private void commit(PartitionStep step) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>(Map.of(BEFORE, step));
        assertThat(table.attempt(
                        new TableCommit(UUID.randomUUID(), PIPELINE, TableCommit.Operation.APPEND, List.of(), steps)))
                .isInstanceOf(CommitOutcome.Committed.class);
    }

    /** As the worker does between two polls, once the group has answered. */
    private void position() {
        group.turn();
        group.turn();
        clock.advance(200);
        assignment.position(group.epoch());
    }

    private void settle() {
        for (int turn = 0; turn < 10; turn++) {
            position();
        }
    }

    /** A topic of one partition. It answers by name, as Kafka does: of an earlier topic it knows nothing. */
    private static final class Kafka implements RecordSource {
        private final Map<SourcePartition, Long> sought = new HashMap<>();
        private SourcePartition now = BEFORE;
        private long end = 20;
        private Runnable whenAskedForBounds = () -> {};

        void recreate(long records) {
            now = AFTER;
            end = records;
            whenAskedForBounds = () -> {};
        }

        @Override
        public Set<SourcePartition> partitions() {
            return Set.of(now);
        }

        @Override
        public Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions) {
            whenAskedForBounds.run();
            Map<SourcePartition, OffsetRange> bounds = new HashMap<>();
            partitions.forEach(partition -> bounds.put(partition, new OffsetRange(0, end)));
            return bounds;
        }

        @Override
        public void seek(SourcePartition partition, long offset) {
            sought.put(partition, offset);
        }

        @Override
        public int poll(Duration timeout, AssignmentListener listener, RecordConsumer consumer) {
            throw new UnsupportedOperationException("the test assigns by itself");
        }

        @Override
        public Map<SourcePartition, Long> positions() {
            return Map.copyOf(sought);
        }

        @Override
        public Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis) {
            throw new UnsupportedOperationException("records have no times here");
        }

        @Override
        public void pauseAll() {}

        @Override
        public void resumeAll() {}

        @Override
        public void reportCommitted(Map<SourcePartition, Long> next) {}

        @Override
        public void wakeUp() {}

        @Override
        public void close() {}
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
