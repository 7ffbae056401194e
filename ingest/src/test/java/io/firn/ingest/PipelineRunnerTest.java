package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.poll.ReaderIdentity;
import io.firn.ingest.record.TopicSelection;
import io.firn.ingest.rig.EmbeddedBroker;
import io.firn.ingest.rig.MemoryFiles;
import io.firn.ingest.rig.MemoryTable;
import io.firn.ingest.rig.Until;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The whole of ingest but for decoding, on a real broker. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@ResourceLock(EmbeddedBroker.LOCK)
class PipelineRunnerTest {
    @TempDir
    static Path directory;

    private static EmbeddedBroker broker;

    private final MemoryTable table = new MemoryTable();
    private final MemoryFiles files = new MemoryFiles();

    @BeforeAll
    static void startBroker() {
        broker = new EmbeddedBroker(directory.resolve("kafka"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void everyRecordOfEveryPartitionIsInTheTableOnce() throws Exception {
        broker.createTopic("plain", 3, Map.of());
        produce("plain", 3, 1000, 0);
        try (Running pipeline = start(settings("plain", 2))) {
            pipeline.awaitRows(3000);
            produce("plain", 3, 500, 1000);
            pipeline.awaitRows(4500);
            assertThat(pipeline.runner.stop(Until.PATIENCE)).isTrue();
        }
        assertExactly("plain", 3, 1500);
        assertThat(table.commits().get(0).files()).as("the first commit").isEmpty();
        assertThat(table.commits().get(0).steps()).hasSize(3);
    }

    @Test
    void aStoppedPipelineGoesOnWhereTheTableSays() throws Exception {
        broker.createTopic("restarted", 2, Map.of());
        produce("restarted", 2, 100, 0);
        try (Running first = start(settings("restarted", 1))) {
            first.awaitRows(200);
            assertThat(first.runner.stop(Until.PATIENCE)).isTrue();
        }
        produce("restarted", 2, 100, 100);
        try (Running second = start(settings("restarted", 1))) {
            second.awaitRows(400);
            assertThat(second.runner.status().partitions()).allMatch(held -> held.delivered() == 100);
        }
        assertExactly("restarted", 2, 200);
    }

    @Test
    void twoProcessesShareTheWorkAndNothingIsDoubled() throws Exception {
        broker.createTopic("shared", 4, Map.of());
        produce("shared", 4, 500, 0);
        try (Running first = start(settings("shared", 1))) {
            first.awaitRows(1000);
            try (Running second = start(settings("shared", 1))) {
                Until.holds(
                        "both hold partitions",
                        () -> second.runner.status().partitions().size() == 2
                                && first.runner.status().partitions().size() == 2);
                produce("shared", 4, 500, 500);
                first.awaitRows(4000);
                second.runner.stop(Until.PATIENCE);
            }
            produce("shared", 4, 100, 1000);
            first.awaitRows(4400);
        }
        assertExactly("shared", 4, 1100);
    }

    @Test
    void catalogThatIsAwayShowsInTheStatusUntilItAnswers() throws Exception {
        broker.createTopic("away", 1, Map.of());
        produce("away", 1, 10, 0);
        try (Running pipeline = start(settings("away", 1))) {
            pipeline.awaitRows(10);
            table.goAway();
            produce("away", 1, 10, 10);
            Until.holds("it shows", () -> !pipeline.runner.status().works());
            assertThat(pipeline.runner.status().troubles()).anySatisfy(trouble -> {
                assertThat(trouble.component()).isEqualTo("commits");
                assertThat(trouble.reason()).contains("the catalog is away");
            });
            table.comeBack();
            pipeline.awaitRows(20);
            Until.holds("nothing shows any more", () -> pipeline.runner.status().works());
        }
    }

    @Test
    void anAddedPartitionIsTakenFromItsStart() throws Exception {
        broker.createTopic("grown", 1, Map.of());
        produce("grown", 1, 10, 0);
        try (Running pipeline = start(settings("grown", 1), Map.of("metadata.max.age.ms", "500"))) {
            pipeline.awaitRows(10);
            try (Admin admin = broker.admin()) {
                admin.createPartitions(Map.of("grown", NewPartitions.increaseTo(2)))
                        .all()
                        .get();
            }
            try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
                producer.send(new ProducerRecord<>("grown", 1, null, "0")).get();
            }
            pipeline.awaitRows(11);
        }
    }

    @Test
    void theLedgerPassesTheEndOfTransactionsAndAbortedOnesLeaveNoRow() throws Exception {
        broker.createTopic("transactions", 1, Map.of());
        transactions("transactions");
        try (Running pipeline = start(settings("transactions", 1))) {
            pipeline.awaitRows(10);
            // 5 + marker, 5 aborted + marker, 5 + marker
            Until.holds(
                    "the ledger passes the markers",
                    () -> table.refreshedLedger().partitions("transactions").values().stream()
                            .allMatch(entry -> entry.next() == 18));
            Until.holds("the lag is 0", () -> pipeline.runner.status().partitions().stream()
                    .allMatch(held -> held.lag().orElse(1) == 0));
        }
        assertThat(files.rows(table.files())).extracting(MemoryFiles.Row::value).doesNotContain("aborted");
    }

    private static void transactions(String topic) {
        try (KafkaProducer<String, String> producer = broker.producer(Map.of("transactional.id", topic))) {
            producer.initTransactions();
            for (String value : List.of("first", "aborted", "last")) {
                producer.beginTransaction();
                for (int i = 0; i < 5; i++) {
                    EmbeddedBroker.await(producer.send(new ProducerRecord<>(topic, 0, null, value)));
                }
                producer.flush();
                if (value.equals("aborted")) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                }
            }
        }
    }

    @Test
    void aNullValueThatIsNoRowIsCountedInTheStep() throws Exception {
        broker.createTopic("nulls", 1, Map.of());
        try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
            producer.send(new ProducerRecord<>("nulls", 0, "k", null)).get();
            producer.send(new ProducerRecord<>("nulls", 0, "k", "1")).get();
        }
        try (Running pipeline = start(settings("nulls", 1))) {
            pipeline.awaitRows(1);
            pipeline.runner.stop(Until.PATIENCE);
        }
        assertThat(table.commits().stream()
                        .flatMap(commit -> commit.steps().values().stream())
                        .mapToLong(step -> step.skipped().getOrDefault("null-value", 0L))
                        .sum())
                .isEqualTo(1);
    }

    @Test
    void aBadRecordStopsThePipelineAndWhatCameBeforeIsCommitted() throws Exception {
        broker.createTopic("bad", 1, Map.of());
        produce("bad", 1, 7, 0);
        try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
            producer.send(new ProducerRecord<>("bad", 0, null, "bad")).get();
            producer.send(new ProducerRecord<>("bad", 0, null, "8")).get();
        }
        try (Running pipeline = start(settings("bad", 1))) {
            assertThatThrownBy(() -> pipeline.runner.await(Until.PATIENCE))
                    .isInstanceOf(FirnException.class)
                    .hasMessageContaining("bad-0-7")
                    .hasMessageContaining("not good");
        }
        assertExactly("bad", 1, 7);
    }

    @Test
    void aTopicThatDoesNotExistIsNamed() throws Exception {
        try (Running pipeline = start(settings("nowhere", 1))) {
            assertThatThrownBy(() -> pipeline.runner.await(Until.PATIENCE))
                    .isInstanceOf(FirnException.class)
                    .hasMessageContaining("topic does not exist: nowhere");
        }
    }

    @Test
    void aTopicThatWasCreatedAgainStopsThePipeline() throws Exception {
        broker.createTopic("again", 1, Map.of());
        produce("again", 1, 10, 0);
        try (Running pipeline = start(settings("again", 1))) {
            pipeline.awaitRows(10);
        }
        try (Admin admin = broker.admin()) {
            admin.deleteTopics(List.of("again")).all().get();
        }
        Until.holds("the topic can be created", () -> {
            broker.createTopic("again", 1, Map.of());
            return true;
        });
        try (Running pipeline = start(settings("again", 1))) {
            assertThatThrownBy(() -> pipeline.runner.await(Until.PATIENCE))
                    .isInstanceOfSatisfying(FirnException.class, failure -> assertThat(failure.code())
                            .isEqualTo("topic-recreated"));
        }
    }

    @Test
    void lostOffsetsStopThePipelineOrAreWrittenDownAsAGap() throws Exception {
        broker.createTopic("gap", 1, Map.of());
        produce("gap", 1, 10, 0);
        try (Running pipeline = start(settings("gap", 1))) {
            pipeline.awaitRows(10);
        }
        produce("gap", 1, 10, 10);
        try (Admin admin = broker.admin()) {
            admin.deleteRecords(Map.of(new TopicPartition("gap", 0), RecordsToDelete.beforeOffset(15)))
                    .all()
                    .get();
        }
        try (Running pipeline = start(settings("gap", 1))) {
            assertThatThrownBy(() -> pipeline.runner.await(Until.PATIENCE))
                    .isInstanceOfSatisfying(FirnException.class, failure -> assertThat(failure.code())
                            .isEqualTo("offsets-lost"));
        }
        try (Running pipeline = start(settings("gap", 1, PipelineSettings.OnGap.RECORD))) {
            pipeline.awaitRows(15);
        }
        assertThat(table.refreshedLedger().partitions("gap").values())
                .allSatisfy(entry -> assertThat(entry.gaps()).hasToString("[[10, 15)]"));
    }

    @Test
    void aPatternTakesTopicsThatAreCreatedLater() throws Exception {
        broker.createTopic("many-1", 1, Map.of());
        produce("many-1", 1, 10, 0);
        PipelineSettings named = settings("many", 1);
        PipelineSettings settings = new PipelineSettings(
                "many",
                TopicSelection.matching(Pattern.compile("many-.*")),
                1,
                named.commitInterval(),
                named.targetFileBytes(),
                named.memoryBytes(),
                named.heartbeatInterval(),
                named.start(),
                named.onGap());
        try (Running pipeline = start(settings, Map.of("metadata.max.age.ms", "500"))) {
            pipeline.awaitRows(10);
            broker.createTopic("many-2", 1, Map.of());
            produce("many-2", 1, 10, 0);
            pipeline.awaitRows(20);
        }
    }

    private void assertExactly(String topic, int partitions, int each) {
        List<MemoryFiles.Row> rows = files.rows(table.files());
        assertThat(rows).hasSize(partitions * each).doesNotHaveDuplicates();
        assertThat(rows).allMatch(row -> row.value().equals(String.valueOf(row.offset())));
        assertThat(table.refreshedLedger().partitions(topic).values())
                .hasSize(partitions)
                .allMatch(entry -> entry.next() == each);
    }

    private static void produce(String topic, int partitions, int count, int from) {
        try (KafkaProducer<String, String> producer = broker.producer(Map.of("linger.ms", "5"))) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = from; i < from + count; i++) {
                for (int partition = 0; partition < partitions; partition++) {
                    sent.add(producer.send(new ProducerRecord<>(topic, partition, null, String.valueOf(i))));
                }
            }
            EmbeddedBroker.await(sent);
        }
    }

    private static PipelineSettings settings(String topic, int workers) {
        return settings(topic, workers, PipelineSettings.OnGap.STOP);
    }

    private static PipelineSettings settings(String topic, int workers, PipelineSettings.OnGap onGap) {
        return new PipelineSettings(
                topic,
                TopicSelection.named(List.of(topic)),
                workers,
                Duration.ofMillis(200),
                5_000,
                1 << 20,
                Duration.ofMinutes(5),
                StartPosition.earliest(),
                onGap);
    }

    private Running start(PipelineSettings settings) {
        return start(settings, Map.of());
    }

    private Running start(PipelineSettings settings, Map<String, Object> more) {
        Map<String, Object> client = new java.util.HashMap<>(broker.client());
        client.putAll(more);
        PipelineRunner runner = new PipelineRunner(
                settings,
                new KafkaSources(
                        new ReaderIdentity(settings.pipeline(), new UUID(0, 0)),
                        settings.topics(),
                        client,
                        8 << 20,
                        settings.workers()),
                new PipelineTable(table, files::writer, files),
                Clock.systemUTC(),
                Clock.systemUTC(),
                new Random(1),
                PipelineListener.NONE);
        runner.start();
        return new Running(runner);
    }

    private final class Running implements AutoCloseable {
        private final PipelineRunner runner;

        Running(PipelineRunner runner) {
            this.runner = runner;
        }

        void awaitRows(int count) {
            Until.holds(count + " rows", () -> {
                runner.await(Duration.ZERO);
                return table.files().stream()
                                .mapToLong(file -> file.recordCount())
                                .sum()
                        >= count;
            });
        }

        @Override
        public void close() {
            runner.close();
        }
    }
}
