package io.firn.ingest.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.SpanSource;
import io.firn.ingest.record.TopicSelection;
import io.firn.ingest.rig.EmbeddedBroker;
import io.firn.ingest.rig.ExpandingBatch;
import io.firn.ingest.rig.Until;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.LongStream;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Batches of a few KB that inflate to more than anybody expects, on a real broker. */
@ResourceLock(EmbeddedBroker.LOCK)
class ExpandingRecordsTest {
    /** No heap of any size holds an array of so many bytes: reading it fails on every machine. */
    private static final int BEYOND_ANY_HEAP = Integer.MAX_VALUE - 64;

    private static final int MEBIBYTE = 1 << 20;
    private static final int FETCH_MEMORY = 8 * MEBIBYTE;

    /** What one poll may hold: half of the worker's memory for fetches. */
    private static final int POLL_BYTES = FETCH_MEMORY / 2;

    /** The share of a fuzzer's inputs that random batches get: each holds up to 40 records, together megabytes. */
    private static final long BATCHES = Math.max(12, Long.getLong("firn.fuzz.inputs", 200_000) / 10_000);

    private static final int BATCHES_READ_TOGETHER = 12;

    @TempDir
    static Path directory;

    private static EmbeddedBroker broker;
    private static int topics;

    private String topic = "";
    private final Set<SourcePartition> assigned = new HashSet<>();
    private final List<Long> offsets = new ArrayList<>();
    private int polledBytes;
    private int polledRecords;
    private int largestPollBytes;

    @BeforeAll
    static void startBroker() {
        broker = new EmbeddedBroker(directory.resolve("kafka"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void createTopic() {
        topic = "expanding-" + topics++;
        // The batches' timestamps are of 1970: a run of more than 30 s would meet the broker's retention.
        broker.createTopic(topic, 2, Map.of("retention.ms", "-1"));
    }

    private KafkaSources sources() {
        return new KafkaSources(
                new ReaderIdentity(topic, new UUID(0, 0)),
                TopicSelection.named(List.of(topic)),
                new HashMap<>(broker.client()),
                FETCH_MEMORY,
                1);
    }

    private Uuid topicId(KafkaSources sources) {
        return Uuid.fromString(
                Objects.requireNonNull(sources.topicIds(Set.of(topic)).get(topic)));
    }

    private final RecordSource.AssignmentListener listener = new RecordSource.AssignmentListener() {
        @Override
        public void assigned(Set<SourcePartition> partitions) {
            assigned.addAll(partitions);
        }

        @Override
        public void revoking(Set<SourcePartition> partitions, Duration timeAllowed) {
            assigned.removeAll(partitions);
        }

        @Override
        public void lost(Set<SourcePartition> partitions) {
            assigned.removeAll(partitions);
        }
    };

    private int poll(RecordSource source) {
        polledBytes = 0;
        polledRecords = 0;
        return source.poll(
                Duration.ofMillis(100), listener, (partition, offset, timestampMillis, bytes, start, length, key) -> {
                    offsets.add(offset);
                    polledBytes += length;
                    polledRecords++;
                });
    }

    private void beginAtZero(RecordSource source) {
        Until.holds("partitions are assigned", () -> {
            poll(source);
            return assigned.size() == 2;
        });
        assigned.forEach(partition -> source.seek(partition, 0));
    }

    private void pollAll(RecordSource source, int records) {
        Until.holds("all records were delivered", () -> {
            poll(source);
            if (polledRecords > 1) {
                largestPollBytes = Math.max(largestPollBytes, polledBytes);
            }
            return offsets.size() >= records;
        });
    }

    private void assertEachOnceWithin(int records) {
        assertThat(offsets).isEqualTo(LongStream.range(0, records).boxed().toList());
        assertThat(largestPollBytes).isLessThanOrEqualTo(POLL_BYTES);
    }

    @Test
    void onePollHoldsNoMoreThanItsShareHoweverMuchABatchExpands() {
        int[] sizes = new int[100];
        Arrays.fill(sizes, MEBIBYTE);
        try (KafkaSources sources = sources();
                RecordSource source = sources.open(0)) {
            ExpandingBatch.send(broker, topic, topicId(sources), 0, sizes);
            beginAtZero(source);
            pollAll(source, sizes.length);
        }
        assertEachOnceWithin(sizes.length);
    }

    @Test
    void everyRecordOfRandomBatchesComesOnceAndOnePollHoldsNoMoreThanItsShareOrOneRecord() {
        SplittableRandom random = new SplittableRandom(Long.getLong("firn.fuzz.seed", 1));
        int sent = 0;
        try (KafkaSources sources = sources();
                RecordSource source = sources.open(0)) {
            beginAtZero(source);
            for (long batch = 0; batch < BATCHES; batch++) {
                int[] sizes = new int[1 + random.nextInt(40)];
                for (int i = 0; i < sizes.length; i++) {
                    sizes[i] = random.nextInt(1 << (1 + random.nextInt(23)));
                }
                ExpandingBatch.send(broker, topic, topicId(sources), 0, sizes);
                sent += sizes.length;
                if (batch % BATCHES_READ_TOGETHER == BATCHES_READ_TOGETHER - 1 || batch == BATCHES - 1) {
                    pollAll(source, sent);
                    assertEachOnceWithin(sent);
                }
            }
        }
    }

    @Test
    void aRecordThatNoMemoryHoldsIsNamedWithItsPositionByMembersAndSpans() {
        try (KafkaSources sources = sources();
                RecordSource source = sources.open(0);
                SpanSource spans = sources.spans()) {
            String id = topicId(sources).toString();
            ExpandingBatch.send(broker, topic, topicId(sources), 0, 10, 10, 10);
            ExpandingBatch.send(broker, topic, topicId(sources), 1, 10, 10);
            ExpandingBatch.send(broker, topic, topicId(sources), 1, 10, BEYOND_ANY_HEAP);

            spans.begin(Map.of(new SourcePartition(topic, id, 1), new OffsetRange(0, 4)));
            assertThatThrownBy(() -> Until.holds(
                            "it fails",
                            () -> spans.poll(
                                            Duration.ofMillis(100),
                                            (where, offset, timestampMillis, bytes, start, length, key) -> {})
                                    < 0))
                    .satisfies(this::namesTheRecord);
            beginAtZero(source);
            offsets.clear();
            assertThatThrownBy(() -> Until.holds("it fails", () -> poll(source) < 0))
                    .satisfies(this::namesTheRecord);
            assertThat(offsets).as("records before it").containsExactlyInAnyOrder(0L, 1L, 2L, 0L, 1L, 2L);
        }
    }

    private void namesTheRecord(Throwable thrown) {
        assertThat(thrown).isInstanceOf(FirnException.class);
        FirnException failure = (FirnException) thrown;
        assertThat(failure.code()).isEqualTo("record-too-large");
        assertThat(failure.kind()).isEqualTo(FirnException.Kind.DATA);
        assertThat(failure.where()).contains(topic, "partition 1", "offset 3");
        assertThat(failure.action()).contains("FIRN_HEAP_OPTS");
    }
}
