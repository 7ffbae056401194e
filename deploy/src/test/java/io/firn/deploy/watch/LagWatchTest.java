package io.firn.deploy.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.poll.ReaderIdentity;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.TopicSelection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Partitions of a group of two members: this process holds partition 0, the other member partition 1. */
final class LagWatchTest {
    private static final UUID TABLE = UUID.randomUUID();
    private static final Uuid TOPIC = Uuid.randomUuid();
    private static final GroupMember OTHER = new GroupMember("firn-orders-0", "/10.0.0.7");
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final Time clock = new Time();
    private final PipelineHealth health = new PipelineHealth(clock);
    private final FakeKafka kafka = new FakeKafka();
    private final Map<SourcePartition, PartitionEntry> ledger = new TreeMap<>();
    private PipelineStatus.State state = PipelineStatus.State.RUNNING;
    private boolean catalogAnswers = true;
    private Instant ledgerReadAt = clock.instant();
    private final LagWatch watch = watchOf(Duration.ofSeconds(10));

    @BeforeEach
    void membersHaveCommittedAll() {
        for (int number = 0; number < 2; number++) {
            ledger.put(partition(number), PartitionEntry.startingAt(100));
            kafka.ends.put(partition(number), 100L);
            kafka.reported.put(key(number), 100L);
        }
        kafka.holders.put(key(0), new GroupMember("firn-orders-0", "/10.0.0.1"));
        kafka.holders.put(key(1), OTHER);
    }

    @Test
    void memberThatWritesToACopyOfTheTableIsAnOutage() throws Exception {
        kafka.ends.put(partition(1), 160L);
        kafka.reported.put(key(1), 160L);
        watchFor(Duration.ofSeconds(110));
        assertThat(health.troubles()).as("it may still get into the table").isEmpty();
        watchFor(Duration.ofSeconds(20));
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.OUTAGE);
            assertThat(trouble.component()).isEqualTo("partitions read elsewhere");
            assertThat(trouble.reason())
                    .contains(
                            "orders-1 has not moved for 125 s",
                            "the ledger is at 100, Kafka's end is 160",
                            "client firn-orders-0 on host 10.0.0.7",
                            "writes to another table",
                            "same UUID",
                            "stop that service")
                    .doesNotContain("orders-0 has");
        });

        ledger.put(partition(1), PartitionEntry.startingAt(160));
        watchFor(LOOK);
        assertThat(health.troubles()).as("the ledger moves again").isEmpty();
    }

    @Test
    void copyThatReadsAPartitionWithoutALedgerEntryIsAnOutage() throws Exception {
        ledger.remove(partition(1));
        watchFor(Duration.ofSeconds(150));
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.OUTAGE);
            assertThat(trouble.reason()).contains("the ledger does not have it, Kafka's end is 100");
        });
    }

    @Test
    void memberThatIsPausedOrStuckIsAWarning() throws Exception {
        kafka.ends.put(partition(1), 160L);
        watchFor(Duration.ofSeconds(150));
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.WARNING);
            assertThat(trouble.reason())
                    .contains("orders-1", "client firn-orders-0 on host 10.0.0.7", "paused", "copy of this one");
        });
    }

    @Test
    void memberThatGoesOnAfterALongPauseIsNoOutageWhileTheLedgerIsReadLate() throws Exception {
        kafka.ends.put(partition(1), 160L);
        watchFor(Duration.ofSeconds(150));
        kafka.reported.put(key(1), 160L);
        watchFor(Duration.ofSeconds(20));
        assertThat(health.troubles())
                .singleElement()
                .extracting(PipelineHealth.Trouble::level)
                .isEqualTo(PipelineHealth.Level.WARNING);
        ledger.put(partition(1), PartitionEntry.startingAt(160));
        watchFor(LOOK);
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void partitionThatNobodyHoldsIsAWarning() throws Exception {
        kafka.ends.put(partition(1), 160L);
        kafka.holders.remove(key(1));
        kafka.reported.put(key(1), 160L);
        watchFor(Duration.ofSeconds(150));
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.WARNING);
            assertThat(trouble.reason()).contains("orders-1", "No member of the consumer group holds them");
        });
    }

    @Test
    void partitionThatMovesSlowlyIsFine() throws Exception {
        kafka.ends.put(partition(1), 10_000L);
        kafka.reported.put(key(1), 150L);
        for (int i = 1; i <= 10; i++) {
            watchFor(Duration.ofSeconds(100));
            ledger.put(partition(1), PartitionEntry.startingAt(100 + i));
        }
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void longCommitIntervalMayStandStillLonger() throws Exception {
        kafka.ends.put(partition(1), 160L);
        LagWatch patient = watchOf(Duration.ofMinutes(10));
        watchFor(patient, Duration.ofMinutes(49));
        assertThat(health.troubles()).isEmpty();
        watchFor(patient, Duration.ofMinutes(2));
        assertThat(health.troubles()).hasSize(1);
    }

    @Test
    void partitionsOfThisProcessAreItsOwnMatter() throws Exception {
        kafka.ends.put(partition(0), 160L);
        state = PipelineStatus.State.PAUSED;
        watchFor(Duration.ofMinutes(10));
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void failedPipelineOfThisProcessReportsItselfAlone() throws Exception {
        kafka.ends.put(partition(0), 160L);
        kafka.ends.put(partition(1), 160L);
        state = PipelineStatus.State.FAILED;
        watchFor(Duration.ofMinutes(10));
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void timeInWhichTheCatalogDoesNotAnswerDoesNotCount() throws Exception {
        kafka.ends.put(partition(1), 160L);
        kafka.reported.put(key(1), 160L);
        watchFor(Duration.ofSeconds(60));
        catalogAnswers = false;
        watchFor(Duration.ofMinutes(10));
        assertThat(health.troubles()).isEmpty();
        catalogAnswers = true;
        watchFor(Duration.ofSeconds(100));
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void rollbackOfAnIdleTableIsNoticedByItsMembersInTime() throws Exception {
        watchFor(LOOK);
        ledger.put(partition(1), PartitionEntry.startingAt(40));
        watchFor(Duration.ofMinutes(6));
        assertThat(health.troubles()).isEmpty();
        watchFor(Duration.ofMinutes(2));
        assertThat(health.troubles()).hasSize(1);
    }

    private void watchFor(Duration time) throws InterruptedException {
        watchFor(watch, time);
    }

    private LagWatch watchOf(Duration commitInterval) {
        return new LagWatch(
                List.of(new LagWatch.Watched(
                        "orders",
                        TopicSelection.named(List.of("orders")),
                        commitInterval,
                        this::seenLedger,
                        this::status,
                        health)),
                kafka,
                clock);
    }

    private void watchFor(LagWatch watch, Duration time) throws InterruptedException {
        Instant end = clock.instant().plus(time);
        do {
            if (catalogAnswers) {
                ledgerReadAt = clock.instant();
            }
            watch.look();
            clock.now = clock.now.plus(LOOK);
        } while (clock.instant().isBefore(end));
    }

    private Optional<SeenLedger> seenLedger() {
        return Optional.of(new SeenLedger(TABLE, Ledger.empty().with("orders", ledger), ledgerReadAt));
    }

    private PipelineStatus status() {
        return new PipelineStatus(
                "orders",
                state,
                List.of(new PipelineStatus.PartitionStatus(
                        partition(0), OptionalLong.of(100), OptionalLong.of(100), OptionalLong.empty(), 0, 0, 0)),
                0,
                0,
                Optional.empty(),
                OptionalLong.empty(),
                0,
                new PipelineStatus.Figures(0, 0, 0),
                Optional.empty(),
                List.of());
    }

    private static SourcePartition partition(int number) {
        return new SourcePartition("orders", TOPIC.toString(), number);
    }

    private static TopicPartition key(int number) {
        return new TopicPartition("orders", number);
    }

    private static final class FakeKafka implements KafkaView {
        private final Map<SourcePartition, Long> ends = new HashMap<>();
        private final Map<TopicPartition, GroupMember> holders = new HashMap<>();
        private final Map<TopicPartition, Long> reported = new HashMap<>();

        @Override
        public Map<String, TopicDescription> topics(Collection<TopicSelection> selections) {
            List<TopicPartitionInfo> partitions = new ArrayList<>();
            for (int number = 0; number < 2; number++) {
                partitions.add(new TopicPartitionInfo(number, Node.noNode(), List.of(), List.of()));
            }
            return Map.of("orders", new TopicDescription("orders", false, partitions, Set.of(), TOPIC));
        }

        @Override
        public Map<SourcePartition, Long> ends(Set<SourcePartition> partitions) {
            assertThat(partitions).isEqualTo(ends.keySet());
            return new HashMap<>(ends);
        }

        @Override
        public Map<String, Map<TopicPartition, GroupMember>> holders(Set<String> groups) {
            assertThat(groups).containsExactly(new ReaderIdentity("orders", TABLE).group());
            return Map.of(groups.iterator().next(), new HashMap<>(holders));
        }

        @Override
        public Map<String, Map<TopicPartition, Long>> reported(Set<String> groups) {
            assertThat(groups).containsExactly(new ReaderIdentity("orders", TABLE).group());
            return Map.of(groups.iterator().next(), new HashMap<>(reported));
        }

        @Override
        public void close() {}
    }

    private static final class Time extends Clock {
        private Instant now = Instant.parse("2030-01-01T00:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
