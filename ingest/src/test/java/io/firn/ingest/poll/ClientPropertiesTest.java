package io.firn.ingest.poll;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.ingest.record.TopicSelection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ClientPropertiesTest {
    private static final ReaderIdentity IDENTITY = new ReaderIdentity("orders", new UUID(1, 2));

    private static ClientProperties of(Map<String, Object> user) {
        return new ClientProperties("orders", TopicSelection.named(List.of("orders")), user, 64L << 20);
    }

    @Test
    void workersOfOneProcessAreDifferentStaticMembers() {
        ClientProperties properties = of(Map.of("group.instance.id", "node-7"));
        assertThat(properties.consumer(IDENTITY, 0)).containsEntry("group.instance.id", "node-7-0");
        assertThat(properties.consumer(IDENTITY, 1)).containsEntry("group.instance.id", "node-7-1");
        assertThat(of(Map.of()).consumer(IDENTITY, 0)).doesNotContainKey("group.instance.id");
    }

    @Test
    void theProcessNameMakesStaticMembersUnderTheClassicProtocolOnlyAndAConfiguredIdComesBeforeIt() {
        ReaderIdentity named = new ReaderIdentity("orders", new UUID(1, 2), Optional.of("host_2"));
        assertThat(of(Map.of()).consumer(named, 1)).containsEntry("group.instance.id", "host_2-1");
        assertThat(of(Map.of("group.instance.id", "node")).consumer(named, 1))
                .containsEntry("group.instance.id", "node-1");
        assertThat(of(Map.of("group.protocol", "consumer")).consumer(named, 1)).doesNotContainKey("group.instance.id");
    }

    @Test
    void configuredClientIdIsThePrefixOfEveryClients() {
        ClientProperties properties = of(Map.of("client.id", "lake"));
        assertThat(properties.consumer(IDENTITY, 1)).containsEntry("client.id", "lake-orders-1");
        assertThat(properties.admin()).containsEntry("client.id", "lake-orders-admin");
        assertThat(properties.withoutGroup()).containsEntry("client.id", "lake-orders-backfill");
        assertThat(of(Map.of()).consumer(IDENTITY, 1)).containsEntry("client.id", "firn-orders-1");
    }
}
