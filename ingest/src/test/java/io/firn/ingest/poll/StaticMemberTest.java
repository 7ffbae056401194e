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
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Members with a {@code group.instance.id}. */
class StaticMemberTest {
    private static final ReaderIdentity IDENTITY = new ReaderIdentity("static", new UUID(0, 0));

    @TempDir
    static Path directory;

    @Test
    void twoProcessesWithOneInstanceIdBothReadAndAnOrderlyEndLeavesTheGroupAtOnce() {
        try (EmbeddedBroker broker = new EmbeddedBroker(directory.resolve("kafka"))) {
            broker.createTopic("static", 2, Map.of());
            GroupMembers members = new GroupMembers(broker, IDENTITY.group());
            try (KafkaSources one = sources(broker);
                    KafkaSources other = sources(broker);
                    RecordSource first = one.open(0)) {
                Until.holds(
                        "the first has all", () -> holds(first) && members.all().size() == 1);
                try (RecordSource second = other.open(0)) {
                    Until.holds("both are members", () -> {
                        holds(first);
                        holds(second);
                        return members.all().size() == 2;
                    });
                    assertThat(members.all().stream()
                                    .filter(member -> member.groupInstanceId().isPresent()))
                            .hasSize(1);
                }
                Until.holds("one has left", () -> holds(first) && members.all().size() == 1);
            }
            assertThat(members.all()).isEmpty();
        }
    }

    private static boolean holds(RecordSource source) {
        source.poll(Duration.ofMillis(50), new Nobody(), (partition, offset, time, bytes, start, length, key) -> {});
        return true;
    }

    private static KafkaSources sources(EmbeddedBroker broker) {
        Map<String, Object> client = new HashMap<>(broker.client());
        client.put("group.instance.id", "node");
        return new KafkaSources(IDENTITY, TopicSelection.named(List.of("static")), client, 8 << 20, 1);
    }

    private static final class Nobody implements RecordSource.AssignmentListener {
        @Override
        public void assigned(Set<SourcePartition> partitions) {}

        @Override
        public void revoking(Set<SourcePartition> partitions, Duration timeAllowed) {}

        @Override
        public void lost(Set<SourcePartition> partitions) {}
    }
}
