package io.firn.ingest.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import io.firn.ingest.record.SpanSource;
import io.firn.ingest.record.TopicSelection;
import io.firn.ingest.rig.EmbeddedBroker;
import io.firn.ingest.rig.Until;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Spans of a real broker's topic. */
@ResourceLock(EmbeddedBroker.LOCK)
class KafkaSpanSourceTest {
    private static final int RECORDS = 20;

    @TempDir
    static Path directory;

    private static EmbeddedBroker broker;
    private static int topics;

    private String topic = "";
    private KafkaSources sources;
    private SpanSource source;
    private SourcePartition first;
    private SourcePartition second;

    @BeforeAll
    static void startBroker() {
        broker = new EmbeddedBroker(directory.resolve("kafka"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void produce() {
        topic = "spans-" + topics++;
        broker.createTopic(topic, 2, Map.of());
        try (KafkaProducer<String, String> producer = broker.producer(Map.of("transactional.id", topic))) {
            producer.initTransactions();
            producer.beginTransaction();
            for (int i = 0; i < RECORDS; i++) {
                producer.send(new ProducerRecord<>(topic, i % 2, null, "value " + i));
            }
            producer.commitTransaction();
            producer.beginTransaction();
            EmbeddedBroker.await(producer.send(new ProducerRecord<>(topic, 0, null, "aborted")));
            producer.abortTransaction();
        }
        sources = KafkaSources.withoutGroup(
                topic, TopicSelection.named(List.of(topic)), new HashMap<>(broker.client()), 8 << 20);
        source = sources.spans();
        String id = Objects.requireNonNull(source.topicIds(Set.of(topic)).get(topic));
        first = new SourcePartition(topic, id, 0);
        second = new SourcePartition(topic, id, 1);
    }

    @AfterEach
    void close() {
        source.close();
        sources.close();
    }

    @Test
    void aSpanIsDeliveredAndNothingBesides() {
        assertThat(read(Map.of(first, new OffsetRange(3, 6), second, new OffsetRange(0, 2))))
                .containsExactlyInAnyOrder("0-3 value 6", "0-4 value 8", "0-5 value 10", "1-0 value 1", "1-1 value 3");
        assertThat(source.positions()).containsEntry(first, 6L).containsEntry(second, 2L);
    }

    @Test
    void markersAndAbortedRecordsAtItsEndArePassed() {
        long end =
                Objects.requireNonNull(source.bounds(Set.of(first)).get(first)).end();
        assertThat(end).isEqualTo(RECORDS / 2 + 3);
        assertThat(read(Map.of(first, new OffsetRange(8, end)))).containsExactly("0-8 value 16", "0-9 value 18");
        assertThat(source.positions()).containsEntry(first, end);
    }

    /** As clients of old protocols write, and as topics of the first message format are read. */
    @Test
    void recordWithoutATimestampIsDeliveredWithoutOneAndNotFoundByTime() {
        List<Long> times = new ArrayList<>();
        try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
            EmbeddedBroker.await(producer.send(new WithoutTimestamp(topic, "timeless")));
            long offset = RECORDS / 2 + 3;
            source.begin(Map.of(first, new OffsetRange(offset, offset + 1)));
            Until.holds("it is delivered", () -> {
                source.poll(
                        Duration.ofMillis(100), (partition, at, time, bytes, start, length, key) -> times.add(time));
                return !times.isEmpty();
            });
            assertThat(times).containsExactly(RecordConsumer.NO_TIMESTAMP);
            assertThat(source.offsetsAt(Set.of(first), Long.MAX_VALUE)).containsEntry(first, offset + 1);

            String timeless = topic + "-timeless";
            broker.createTopic(timeless, 1, Map.of());
            EmbeddedBroker.await(producer.send(new WithoutTimestamp(timeless, "timeless")));
            String id = Objects.requireNonNull(source.topicIds(Set.of(timeless)).get(timeless));
            assertThatThrownBy(() -> source.offsetsAt(Set.of(new SourcePartition(timeless, id, 0)), 1))
                    .isInstanceOfSatisfying(FirnException.class, refused -> assertThat(refused.code())
                            .isEqualTo("topic-without-timestamps"));
        }
    }

    /** Kafka's own client writes none, but passes one on. */
    private static final class WithoutTimestamp extends ProducerRecord<String, String> {
        WithoutTimestamp(String topic, String value) {
            super(topic, 0, null, value);
        }

        @Override
        public Long timestamp() {
            return RecordConsumer.NO_TIMESTAMP;
        }
    }

    @Test
    void asOftenAsItIsBegunItIsDeliveredAgain() {
        Map<SourcePartition, OffsetRange> span = Map.of(second, new OffsetRange(1, 3));
        assertThat(read(span)).isEqualTo(read(span)).hasSize(2);
    }

    @Test
    void whatRetentionHasRemovedIsToldAndNotPassed() throws Exception {
        try (Admin admin = broker.admin()) {
            admin.deleteRecords(Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(4)))
                    .all()
                    .get();
        }
        source.begin(Map.of(first, new OffsetRange(1, 9)));
        assertThatThrownBy(() -> {
                    for (int poll = 0; poll < 200; poll++) {
                        source.poll(Duration.ofMillis(100), (partition, offset, time, bytes, start, length, key) -> {});
                    }
                })
                .isInstanceOfSatisfying(OffsetGapException.class, gap -> {
                    assertThat(gap.partition()).isEqualTo(first);
                    assertThat(gap.held().start()).isEqualTo(4);
                });
    }

    private List<String> read(Map<SourcePartition, OffsetRange> spans) {
        List<String> records = new ArrayList<>();
        source.begin(spans);
        Until.holds("the spans are read", () -> {
            source.poll(
                    Duration.ofMillis(100),
                    (partition, offset, time, bytes, start, length, key) -> records.add(partition.partition() + "-"
                            + offset + " " + new String(bytes, start, length, StandardCharsets.UTF_8)));
            return spans.entrySet().stream()
                    .allMatch(span -> source.positions().getOrDefault(span.getKey(), -1L)
                            >= span.getValue().end());
        });
        return records;
    }
}
