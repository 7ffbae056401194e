package io.firn.deploy.check;

import io.firn.deploy.config.ConfigProblem;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.NearestKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;

/** Reaches the brokers and looks for the topics, within a bounded time. */
final class KafkaCheck {
    private static final int ANSWER_SECONDS = 10;

    private final Configuration configuration;
    private final String file;

    KafkaCheck(Configuration configuration, String file) {
        this.configuration = configuration;
        this.file = file;
    }

    List<ConfigProblem> run() {
        Map<String, Object> settings = new HashMap<>(configuration.kafka());
        atMost(settings, "default.api.timeout.ms", 8000);
        atMost(settings, "request.timeout.ms", 4000);
        try (Admin admin = Admin.create(settings)) {
            Set<String> topics = admin.listTopics().names().get(ANSWER_SECONDS, TimeUnit.SECONDS);
            return missing(topics);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return List.of();
        } catch (TimeoutException late) {
            return List.of(unreachable());
        } catch (ExecutionException failed) {
            return List.of(translated(Objects.requireNonNullElse(failed.getCause(), failed)));
        } catch (KafkaException wrong) {
            return List.of(new ConfigProblem(
                    "the Kafka properties are not usable: " + innermost(wrong), where("kafka"), "correct them"));
        }
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

    private List<ConfigProblem> missing(Set<String> topics) {
        List<ConfigProblem> problems = new ArrayList<>();
        configuration.pipelines().forEach((name, pipeline) -> {
            for (String topic : pipeline.topics().names()) {
                if (!topics.contains(topic)) {
                    problems.add(new ConfigProblem(
                            "the topic " + topic + " does not exist",
                            where("pipelines." + name + ".topics"),
                            NearestKey.hint(topic, topics) + "create it, or name one of the topics that this user may"
                                    + " see: " + sample(topics)));
                }
            }
            if (pipeline.topics().pattern().isPresent() && topics.stream().noneMatch(pipeline.topics()::contains)) {
                problems.add(new ConfigProblem(
                        "no topic matches " + pipeline.topics(),
                        where("pipelines." + name + ".topic-pattern"),
                        "correct the pattern, or create a topic that matches: there is " + sample(topics)));
            }
        });
        return problems;
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
