package io.firn.deploy.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.OrderWriter;
import io.firn.deploy.rig.SharedBroker;
import io.firn.ingest.record.TopicSelection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a real broker answers to the questions that LagWatchTest answers by a fake. */
@ExtendWith(SharedBroker.class)
class KafkaEndsIT {
    private static final String GROUP = "firn-seen";
    private static final TopicPartition ZERO = new TopicPartition("seen", 0);

    @Test
    void endsHoldersAndReportedOffsetsAreKafkas(BrokerProcess broker) throws Exception {
        broker.createTopic("seen", 2, Map.of());
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "seen")) {
            writer.orders(0, 5);
        }
        try (KafkaEnds kafka = new KafkaEnds(Map.of("bootstrap.servers", broker.bootstrap()));
                KafkaConsumer<byte[], byte[]> member = new KafkaConsumer<>(
                        Map.of("bootstrap.servers", broker.bootstrap(), "group.id", GROUP, "client.id", "seen-0"),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            TopicDescription topic = Objects.requireNonNull(
                    kafka.topics(List.of(TopicSelection.named(List.of("seen")))).get("seen"));
            SourcePartition first = new SourcePartition("seen", topic.topicId().toString(), 0);
            assertThat(kafka.ends(Set.of(first))).isEqualTo(Map.of(first, 5L));
            assertThat(kafka.reported(Set.of(GROUP)).getOrDefault(GROUP, Map.of()))
                    .as("a group that does not exist yet")
                    .isEmpty();

            member.subscribe(List.of("seen"));
            Eventually.holds("it has both partitions", Eventually.PATIENCE, () -> {
                member.poll(Duration.ofMillis(100));
                return member.assignment().size() == 2;
            });
            member.commitSync(Map.of(ZERO, new OffsetAndMetadata(3)));
            assertThat(kafka.holders(Set.of(GROUP)).get(GROUP))
                    .hasSize(2)
                    .containsEntry(ZERO, new GroupMember("seen-0", "/127.0.0.1"));
            assertThat(kafka.reported(Set.of(GROUP))).isEqualTo(Map.of(GROUP, Map.of(ZERO, 3L)));
        }
    }
}
