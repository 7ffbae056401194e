package io.firn.deploy.check;

import io.firn.deploy.Assembly;
import io.firn.deploy.config.ConfigProblem;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.NearestKey;
import io.firn.deploy.config.PipelineConfig;
import io.firn.ingest.poll.ReaderIdentity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;

/** Reaches the brokers, looks for the topics and asks what this user may do, within a bounded time. */
final class KafkaCheck {
    private static final int ANSWER_SECONDS = 10;

    private final Configuration configuration;
    private final String file;
    private final List<ConfigProblem> problems = new ArrayList<>();
    private final List<ConfigProblem> hints = new ArrayList<>();
    private final Map<String, ReaderIdentity> readers;
    private final Set<String> unusable = new TreeSet<>();

    /**
     * What was found.
     *
     * @param usable names of the pipelines whose topics can be read
     */
    record Result(List<ConfigProblem> problems, List<ConfigProblem> hints, Set<String> usable) {}

    /** @param readers by pipeline, as whom they will join their groups */
    KafkaCheck(Configuration configuration, String file, Map<String, ReaderIdentity> readers) {
        this.readers = readers;
        this.configuration = configuration;
        this.file = file;
    }

    Result run() {
        Map<String, Object> settings = new HashMap<>(configuration.kafka());
        atMost(settings, "default.api.timeout.ms", 8000);
        atMost(settings, "request.timeout.ms", 4000);
        try (Admin admin = Admin.create(settings)) {
            Set<String> visible = admin.listTopics().names().get(ANSWER_SECONDS, TimeUnit.SECONDS);
            for (Map.Entry<String, PipelineConfig> pipeline :
                    configuration.pipelines().entrySet()) {
                pipeline(pipeline.getKey(), pipeline.getValue(), visible, new KafkaRights(admin));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return failed(unreachable());
        } catch (TimeoutException late) {
            return failed(unreachable());
        } catch (ExecutionException failed) {
            return failed(translated(Objects.requireNonNullElse(failed.getCause(), failed)));
        } catch (KafkaException wrong) {
            return failed(new ConfigProblem(
                    "the Kafka properties are not usable: " + innermost(wrong), where("kafka"), "correct them"));
        }
        Set<String> usable = new TreeSet<>(configuration.pipelines().keySet());
        usable.removeAll(unusable);
        return new Result(problems, hints, usable);
    }

    private Result failed(ConfigProblem problem) {
        problems.add(problem);
        return new Result(problems, hints, Set.of());
    }

    /** A configured patience that is shorter stays: Kafka's own defaults are a minute. */
    private static void atMost(Map<String, Object> settings, String key, int millis) {
        settings.merge(
                key,
                Integer.toString(millis),
                (configured, most) ->
                        configured.toString().matches("\\d{1,8}") && Integer.parseInt(configured.toString()) < millis
                                ? configured
                                : most);
    }

    private void pipeline(String name, PipelineConfig pipeline, Set<String> visible, KafkaRights rights)
            throws InterruptedException, ExecutionException, TimeoutException {
        boolean byPattern = pipeline.topics().pattern().isPresent();
        List<String> topics = byPattern
                ? visible.stream().filter(pipeline.topics()::contains).sorted().toList()
                : pipeline.topics().names();
        if (topics.isEmpty()) {
            wrong(
                    name,
                    "no topic matches " + pipeline.topics(),
                    ".topic-pattern",
                    "correct the pattern, or create a topic that matches: there is " + sample(visible));
            return;
        }
        Map<String, KafkaRights.Topic> rightsByTopic = rights.topics(topics);
        String topicsKey = byPattern ? ".topic-pattern" : ".topics";
        for (String topic : topics) {
            switch (rightsByTopic.getOrDefault(topic, KafkaRights.Topic.MISSING)) {
                case MISSING ->
                    wrong(
                            name,
                            "the topic " + topic + " does not exist",
                            topicsKey,
                            NearestKey.hint(topic, visible) + "create it, or name one of the topics that this user may"
                                    + " see: " + sample(visible));
                case REFUSED ->
                    wrong(
                            name,
                            "Kafka denies this user to read the topic " + topic,
                            topicsKey,
                            "grant the operations READ and DESCRIBE on the topic");
                case READABLE -> {
                    // As it should be.
                }
            }
        }
        ReaderIdentity reader = readers.get(name);
        if (reader != null && !rights.canJoin(reader.group())) {
            wrong(
                    name,
                    "Kafka denies this user to join the consumer group " + reader.group(),
                    "",
                    "grant the operation READ on the group, or on the prefix " + ReaderIdentity.GROUP_PREFIX);
        }
        if (!unusable.contains(name)) {
            idleWorkers(name, pipeline, rights.partitions(topics));
            largestRecord(name, pipeline, rights.largestRecords(topics));
        }
    }

    private void idleWorkers(String name, PipelineConfig pipeline, int partitions) {
        if (pipeline.workers() > partitions) {
            hints.add(new ConfigProblem(
                    (pipeline.workers() - partitions) + " of " + pipeline.workers()
                            + " workers have nothing to read: the topics have partitions: " + partitions,
                    where("pipelines." + name + ".workers"),
                    "set workers to at most that"));
        }
    }

    private void wrong(String pipeline, String what, String key, String action) {
        unusable.add(pipeline);
        problems.add(new ConfigProblem(what, where("pipelines." + pipeline + key), action));
    }

    /** Half of a worker's share is asked for in one fetch; what is larger comes alone, and above the bound. */
    private void largestRecord(String name, PipelineConfig pipeline, Map<String, Long> largest) {
        long provided = Assembly.fetchBytesPerWorker(configuration, pipeline) / 2;
        largest.forEach((topic, bytes) -> {
            if (bytes > provided) {
                long needed = configuration.memoryBytes() / Math.max(1, provided) * bytes;
                hints.add(new ConfigProblem(
                        "the topic " + topic + " may have records of " + bytes + " bytes (max.message.bytes), memory"
                                + " provides for " + provided + " in each worker of " + name,
                        where("memory"),
                        "set memory to at least " + (needed / (1 << 20) + 1) + "MB, or use fewer workers"));
            }
        });
    }

    private static String sample(Set<String> topics) {
        List<String> sorted = topics.stream().sorted().toList();
        return sorted.size() <= 10 ? sorted.toString() : sorted.subList(0, 10) + " and more";
    }

    private ConfigProblem translated(Throwable cause) {
        if (cause instanceof AuthenticationException) {
            return new ConfigProblem(
                    "Kafka refused the credentials: " + cause.getMessage(),
                    where("kafka.sasl.jaas.config"),
                    "check user name, password and kafka.sasl.mechanism");
        }
        if (cause instanceof AuthorizationException) {
            return new ConfigProblem(
                    "Kafka refused access: " + cause.getMessage(), where("kafka"), "grant the user describe and read");
        }
        return unreachable();
    }

    private ConfigProblem unreachable() {
        return new ConfigProblem(
                "no Kafka broker answers at " + configuration.kafka().get("bootstrap.servers"),
                where("kafka.bootstrap.servers"),
                "check the address, that the broker runs, and kafka.security.protocol");
    }

    private static String innermost(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    private String where(String key) {
        return file + ", " + key;
    }
}
