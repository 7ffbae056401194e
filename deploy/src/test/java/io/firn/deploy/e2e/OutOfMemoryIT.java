package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A record that is larger than the heap and arrives in a thread of Kafka's client. {@code -Dfirn.oom=true} asks for it. */
@ExtendWith(SharedBroker.class)
@EnabledIfSystemProperty(named = "firn.oom", matches = "true", disabledReason = "-Dfirn.oom=true")
class OutOfMemoryIT {
    private static final Path LOGS = OsProcess.logs("out-of-memory");
    private static final String HEAP = "-Xmx88m";

    /** More than the heap has, and less than a broker takes in one request. */
    private static final int RECORD_BYTES = 90 << 20;

    @TempDir
    private Path directory;

    /** Under the consumer protocol a thread of Kafka's client receives; nobody but the process can end it. */
    @Test
    void endsTheProcessWhereAKafkaClientRanOut(BrokerProcess broker) throws Exception {
        try (Lake lake = Lake.local(directory)) {
            broker.createTopic("oom_client", 1, Map.of("max.message.bytes", Integer.toString(RECORD_BYTES + 1024)));
            Stage stage = new Stage(broker, lake, directory, LOGS, "oom_client");
            sendLarge(broker, stage.topic());
            Path config = stage.configWithKafka("firn", Map.of("group.protocol", "consumer"));
            Files.writeString(config, "memory: 64MB\n", StandardOpenOption.APPEND);
            try (FirnProcess service =
                    FirnProcess.of("oom-client", config, LOGS, HEAP).start()) {
                assertThat(service.process().awaitExit(Duration.ofMinutes(2)))
                        .as(service.tail())
                        .isTrue();
                // The unit and the chart start it again after 1; 2 is for a person.
                assertThat(service.process().exitCode()).as(service.tail()).isEqualTo(1);
                assertThat(service.outputSinceStart()).contains("the process has no memory left", "FIRN_HEAP_OPTS");
            }
        }
    }

    private static void sendLarge(BrokerProcess broker, String topic) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrap(),
                        "max.request.size",
                        Integer.toString(2 * RECORD_BYTES),
                        "buffer.memory",
                        Long.toString(2L * RECORD_BYTES)),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, new byte[RECORD_BYTES])).get();
        }
    }
}
