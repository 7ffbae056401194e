package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Map;
import org.junit.jupiter.api.Test;

class KafkaLogTest {
    /** A reader of no group has none of a member's properties: some of them keep a client from starting. */
    @Test
    void propertiesOfGroupMembersAreLeftOut() {
        assertThatCode(() -> new KafkaLog(Map.of(
                                "bootstrap.servers", "127.0.0.1:1",
                                "group.protocol", "consumer",
                                "group.remote.assignor", "uniform",
                                "group.instance.id", "node-1"))
                        .close())
                .doesNotThrowAnyException();
    }
}
