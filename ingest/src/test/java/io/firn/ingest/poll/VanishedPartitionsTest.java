package io.firn.ingest.poll;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.TopicSelection;
import io.firn.ingest.rig.EmbeddedBroker;
import io.firn.ingest.rig.GroupMembers;
import io.firn.ingest.rig.Until;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A member that is frozen, expelled and assigned to all at once, as after a pause longer than its session. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@ResourceLock(EmbeddedBroker.LOCK)
class VanishedPartitionsTest {
    @TempDir
    static Path directory;

    private static EmbeddedBroker broker;

    private final Set<SourcePartition> held = new TreeSet<>();
    private final Set<SourcePartition> lost = new TreeSet<>();
    private final Set<SourcePartition> delivered = new TreeSet<>();

    @BeforeAll
    static void startBroker() {
        broker = new EmbeddedBroker(directory.resolve("kafka"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Test
    void partitionsThatVanishWithoutACallbackAreLostAndComeBack() throws Exception {
        broker.createTopic("vanishing", 1, Map.of());
        Map<String, Object> client = new HashMap<>(broker.client());
        client.put("group.protocol", "consumer");
        ReaderIdentity identity = new ReaderIdentity("vanishing", new UUID(0, 0));
        GroupMembers members = new GroupMembers(broker, identity.group());
        try (KafkaSources sources =
                        new KafkaSources(identity, TopicSelection.named(List.of("vanishing")), client, 8 << 20, 1);
                RecordSource source = sources.open(0)) {
            Until.holds("the first partition", () -> poll(source) && held.size() == 1);

            // Nobody polls from here on: the client's background is given two more partitions, then expelled.
            try (Admin admin = broker.admin()) {
                admin.createPartitions(Map.of("vanishing", NewPartitions.increaseTo(3)))
                        .all()
                        .get();
            }
            Until.holds("an assignment is waiting", () -> GroupMembers.waitingRebalances("firn-vanishing-0") == 1);
            members.expel(members.all().iterator().next().consumerId());
            Until.holds("a loss is waiting", () -> GroupMembers.waitingRebalances("firn-vanishing-0") == 2);

            Until.holds("the first partition was lost", () -> poll(source) && !lost.isEmpty());
            try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
                for (int partition = 0; partition < 3; partition++) {
                    EmbeddedBroker.await(producer.send(new ProducerRecord<>("vanishing", partition, null, "value")));
                }
            }
            Until.holds("all are delivered", () -> poll(source) && delivered.size() == 3);
            assertThat(held).hasSize(3);
        }
    }

    /** As the loop does it: what was assigned is sought after the poll, and a fault of the source comes out. */
    private boolean poll(RecordSource source) {
        try {
            source.poll(
                    Duration.ofMillis(50),
                    new Listener(),
                    (partition, offset, timestamp, bytes, start, length, key) -> delivered.add(partition));
            Set<SourcePartition> unsought = new TreeSet<>(held);
            unsought.removeAll(source.positions().keySet());
            unsought.forEach(partition -> source.seek(partition, 0));
            source.pauseAll();
            source.resumeAll();
            return true;
        } catch (IllegalStateException fault) {
            throw new LinkageError("the source failed", fault);
        }
    }

    private final class Listener implements RecordSource.AssignmentListener {
        @Override
        public void assigned(Set<SourcePartition> partitions) {
            assertThat(held).as("assigned and not taken away since").doesNotContainAnyElementsOf(partitions);
            held.addAll(partitions);
        }

        @Override
        public void revoking(Set<SourcePartition> partitions, Duration timeAllowed) {
            held.removeAll(partitions);
        }

        @Override
        public void lost(Set<SourcePartition> partitions) {
            held.removeAll(partitions);
            lost.addAll(partitions);
        }
    }
}
