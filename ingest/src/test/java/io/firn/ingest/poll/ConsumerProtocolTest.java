package io.firn.ingest.poll;

import java.util.Map;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** As its parent, under the consumer group protocol of KIP-848. Runs with {@code -Dfirn.protocols=all}. */
@EnabledIfSystemProperty(named = "firn.protocols", matches = "all")
class ConsumerProtocolTest extends KafkaRecordSourceTest {
    @Override
    protected Map<String, Object> clientProperties() {
        return Map.of("group.protocol", "consumer");
    }
}
