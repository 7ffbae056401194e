package io.firn.ingest.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.ingest.record.TopicSelection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user configures is honoured or refused. */
class ReservedPropertiesTest {
    private static final ReaderIdentity IDENTITY = new ReaderIdentity("orders", new UUID(1, 2));

    @ParameterizedTest
    @CsvSource({
        "group.id, mine",
        "isolation.level, read_uncommitted",
        "enable.auto.commit, true",
        "auto.offset.reset, earliest",
        "auto.commit.interval.ms, 1000",
        "key.deserializer, org.example.Own",
        "group.remote.assignor, uniform"
    })
    void aPropertyThatFirnMustOwnIsRefusedByName(String key, String value) {
        assertThat(ClientPropertyRules.check(Map.of(key, value)))
                .singleElement()
                .satisfies(refusal -> assertThat(refusal.key()).isEqualTo(key))
                .satisfies(refusal -> assertThat(refusal.action()).isNotEmpty());
        assertThatThrownBy(() -> consumer(Map.of(key, value)))
                .isInstanceOf(FirnException.class)
                .hasMessageContaining(key);
    }

    @Test
    void whatFirnNeedsAnywayMayBeWrittenDown() {
        assertThat(ClientPropertyRules.check(Map.of(
                        "isolation.level", "read_committed",
                        "enable.auto.commit", "FALSE",
                        "auto.offset.reset", "none")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "session.timeout.ms, 6000",
        "heartbeat.interval.ms, 1000",
        "partition.assignment.strategy, org.apache.kafka.clients.consumer.RangeAssignor"
    })
    void aPropertyOfTheClassicProtocolIsHonouredThereAndRefusedUnderTheOther(String key, String value) {
        assertThat(consumer(Map.of(key, value))).containsEntry(key, value).containsEntry("group.protocol", "classic");
        Map<String, String> other = Map.of(key, value, "group.protocol", "consumer");
        assertThat(ClientPropertyRules.check(other)).singleElement().satisfies(refusal -> assertThat(refusal.key())
                .isEqualTo(key));
    }

    @Test
    void aDeadMembersPartitionsWaitForTenSecondsUnlessConfigured() {
        assertThat(consumer(Map.of()))
                .containsEntry("session.timeout.ms", 10_000)
                .containsEntry("heartbeat.interval.ms", 3_000);
        assertThat(consumer(Map.of("session.timeout.ms", "6000"))).containsEntry("heartbeat.interval.ms", 2_000);
        assertThat(consumer(Map.of("heartbeat.interval.ms", "9000"))).containsEntry("session.timeout.ms", 27_000);
        assertThat(consumer(Map.of("group.protocol", "consumer")))
                .doesNotContainKeys("session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy");
    }

    @Test
    void theGroupIsNamedAfterPipelineAndTable() {
        assertThat(consumer(Map.of()))
                .containsEntry("group.id", "firn-orders-00000000-0000-0001-0000-000000000002")
                .containsEntry("client.id", "firn-orders-0");
    }

    private static Map<String, Object> consumer(Map<String, String> properties) {
        return new ClientProperties(
                        "orders", TopicSelection.named(List.of("orders")), new HashMap<>(properties), 8 << 20)
                .consumer(IDENTITY, 0);
    }
}
