package io.firn.deploy.check;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks Kafka now and then how long it keeps the records of topics. Where Kafka does not tell, nothing is known. */
public final class TopicRetention implements AutoCloseable {
    /** Stands for a topic from which Kafka drops nothing by age. */
    public static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

    private static final Logger LOG = LoggerFactory.getLogger(TopicRetention.class);
    private static final long FIRST_SECONDS = 5;
    private static final long EVERY_SECONDS = 20;
    private static final int ANSWER_MILLIS = 10_000;

    private final Map<String, Object> kafka;
    private final Supplier<Set<String>> topics;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread daemon = new Thread(work, "firn-retention");
        daemon.setDaemon(true);
        return daemon;
    });
    private volatile Map<String, Duration> known = Map.of();
    private Set<String> last = Set.of();

    /** @param kafka client properties */
    public TopicRetention(Map<String, String> kafka, Supplier<Set<String>> topics) {
        this.kafka = new HashMap<>(kafka);
        this.topics = topics;
    }

    public void start() {
        var unused = thread.scheduleWithFixedDelay(this::look, FIRST_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS);
    }

    /** By topic how long Kafka keeps records, {@link #FOREVER} included; a topic that is missing is not known. */
    public Map<String, Duration> known() {
        return known;
    }

    private void look() {
        Set<String> consumed = topics.get();
        // Where the broker is gone nothing may be assigned any more.
        Set<String> asked = consumed.isEmpty() ? last : consumed;
        last = asked;
        if (asked.isEmpty()) {
            return;
        }
        List<ConfigResource> resources = asked.stream()
                .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                .toList();
        try (Admin admin = Admin.create(kafka)) {
            Map<String, Duration> read = new HashMap<>();
            admin.describeConfigs(resources, new DescribeConfigsOptions().timeoutMs(ANSWER_MILLIS))
                    .all()
                    .get(2 * ANSWER_MILLIS, TimeUnit.MILLISECONDS)
                    .forEach((topic, config) -> read(topic.name(), config, read));
            known = Map.copyOf(read);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | java.util.concurrent.TimeoutException | KafkaException notTold) {
            LOG.debug("Kafka does not tell how long it keeps records", notTold);
        }
    }

    private static void read(String topic, Config config, Map<String, Duration> into) {
        ConfigEntry policy = config.get(TopicConfig.CLEANUP_POLICY_CONFIG);
        ConfigEntry retention = config.get(TopicConfig.RETENTION_MS_CONFIG);
        if (policy != null && retention != null && policy.value().contains(TopicConfig.CLEANUP_POLICY_DELETE)) {
            long millis = Long.parseLong(retention.value());
            if (millis >= 0) {
                into.put(topic, Duration.ofMillis(millis));
                return;
            }
        }
        if (policy != null && retention != null) {
            into.put(topic, FOREVER);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
