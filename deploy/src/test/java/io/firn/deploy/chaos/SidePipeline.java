package io.firn.deploy.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.ServiceClient;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A second pipeline of every process, which fails on a bad record. It must be red with the record's position while the
 * first pipeline continues, and it must continue after the record is gone and it was restarted alone.
 */
final class SidePipeline {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Duration LOOK = Duration.ofMillis(500);

    private final Stage stage;
    private final String name;
    private final ServiceClient client = new ServiceClient();
    private final List<String> wrong = new ArrayList<>();
    private long produced;

    /** @param stage of the first pipeline */
    SidePipeline(Stage stage) {
        this.stage = stage;
        this.name = stage.topic() + "_side";
    }

    /** Creates the topic. */
    void createTopic() {
        stage.broker().createTopic(name, 1, Map.of());
    }

    /** Returns the pipeline's entry below {@code pipelines} in a configuration file. */
    String configuration() {
        return """
                %1$s:
                  topics: [%1$s]
                  table: shop.%1$s
                  schema: "id long not null"
                  on-gap: record
                  commit: {interval: 1s}
                  maintenance: {enabled: false}
                """.formatted(name).indent(2);
    }

    /** Produces a bad record, sees the failure, removes the record, restarts, and sees that the pipeline continues. */
    synchronized void fail(List<FirnProcess> fleet, long lengthMillis) {
        sendGood();
        long bad = send("{\"id\":\"no number\"}");
        String position = name + "-0-" + bad;
        Eventually.holds(
                "a process shows that the record at " + position + " is bad",
                PATIENCE,
                LOOK,
                () -> fleet.stream().anyMatch(process -> shown(process).contains(position)),
                () -> fleet.stream().map(this::shown).toList().toString());
        for (FirnProcess process : fleet) {
            if (isFailed(process, stage.topic())) {
                wrong.add(process.name() + ": " + stage.topic() + " has failed beside " + name);
            }
        }
        Eventually.pause(Duration.ofMillis(lengthMillis));
        removeBefore(bad + 1);
        long next = sendGood();
        TableVerifier table =
                new TableVerifier(stage.lake(), "shop." + name, stage.broker().bootstrap(), name, name);
        Eventually.holds(
                name + " continues after it was restarted",
                PATIENCE,
                LOOK,
                () -> {
                    fleet.stream()
                            .filter(process -> isFailed(process, name))
                            .forEach(process -> client.post(process, "/v1/pipelines/" + name + "/restart"));
                    return table.head().ledger().getOrDefault(0, 0L) > next;
                },
                () -> fleet.stream().map(this::shown).toList().toString());
    }

    private String shown(FirnProcess process) {
        return pipeline(process, name).toString();
    }

    private boolean isFailed(FirnProcess process, String pipeline) {
        return pipeline(process, pipeline).path("state").asText().equals("failed");
    }

    /** Missing if the process does not answer. */
    private JsonNode pipeline(FirnProcess process, String pipeline) {
        return client.get(process, "/v1/pipelines/" + pipeline)
                .map(ServiceClient.Answer::body)
                .orElse(MissingNode.getInstance());
    }

    private long sendGood() {
        long id = produced++;
        return send("{\"id\":" + id + "}");
    }

    private long send(String value) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", stage.broker().bootstrap(), "acks", "all"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            return producer.send(new ProducerRecord<>(name, 0, null, value.getBytes(StandardCharsets.UTF_8)))
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .offset();
        } catch (ExecutionException | TimeoutException failed) {
            throw new AssertionError("the broker did not take a record of " + name, failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
    }

    private void removeBefore(long offset) {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", stage.broker().bootstrap()))) {
            admin.deleteRecords(Map.of(new TopicPartition(name, 0), RecordsToDelete.beforeOffset(offset)))
                    .all()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException failed) {
            throw new AssertionError("the bad record of " + name + " could not be deleted", failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
    }

    /** Returns what was wrong on the way, and what is wrong with the table: it has to have each good record once. */
    synchronized List<String> complaints() {
        List<String> all = new ArrayList<>(wrong);
        if (produced == 0) {
            return all;
        }
        TreeSet<Object> ids = new TreeSet<>();
        long rows = 0;
        try (CloseableIterable<Record> read =
                IcebergGenerics.read(stage.lake().table("shop." + name)).build()) {
            for (Record row : read) {
                ids.add(row.getField("id"));
                rows++;
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        if (rows != produced || ids.size() != produced) {
            all.add("shop." + name + ": " + rows + " rows with " + ids.size() + " ids, of " + produced + " records");
        }
        return all;
    }
}
