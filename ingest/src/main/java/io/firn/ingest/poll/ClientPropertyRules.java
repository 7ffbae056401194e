package io.firn.ingest.poll;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.common.metrics.JmxReporter;

/**
 * Checks Kafka client properties before a client is made of them. Kafka's own clients log unknown properties and carry
 * on, so a misspelt name has no effect; and Firn overrides some, so a configured value would have none.
 */
public final class ClientPropertyRules {
    /** Properties whose values name classes, which may read properties of their own. */
    private static final List<String> PLUG_INS = List.of(
            CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG,
            ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG,
            ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
            "sasl.login.class",
            "sasl.login.callback.handler.class",
            "sasl.client.callback.handler.class",
            "sasl.oauthbearer.jwt.retriever.class",
            "sasl.oauthbearer.jwt.validator.class",
            "ssl.engine.factory.class",
            "security.providers");

    /** Those of them that are lists, whose classes Kafka looks for only when a client starts. */
    private static final Set<String> CLASS_LISTS = Set.copyOf(PLUG_INS.subList(0, 3));

    /** What Kafka's clients read without declaring it. */
    private static final Set<String> UNDECLARED =
            Set.of(JmxReporter.INCLUDE_CONFIG, JmxReporter.EXCLUDE_CONFIG, AbstractConfig.CONFIG_PROVIDERS_CONFIG);

    private static final List<String> UNDECLARED_PREFIXES =
            List.of(AbstractConfig.CONFIG_PROVIDERS_CONFIG + ".", CommonClientConfigs.METRICS_CONTEXT_PREFIX);

    /** What is wrong with a property. */
    public enum Kind {
        /** No client knows it. */
        UNKNOWN,
        /** Only a configured class can know it. */
        LEFT_TO_PLUG_IN,
        /** Firn sets it. */
        OWNED,
        /** It has no effect beside the other properties. */
        NO_EFFECT,
        /** The client refuses the value. */
        VALUE
    }

    /**
     * One property with what is wrong with it.
     *
     * @param what for {@link Kind#VALUE} and {@link Kind#OWNED} the reason, else the whole message; never the value
     * @param action what to do; empty for {@link Kind#UNKNOWN}, where {@link #names} can help
     */
    public record Finding(Kind kind, String key, String what, String action) {}

    private ClientPropertyRules() {}

    /** Returns the names that a user can set. */
    public static Set<String> names() {
        Set<String> names = new TreeSet<>(known());
        names.removeAll(ReservedProperties.OWNED);
        return names;
    }

    /** Returns everything that is wrong, in the order of the keys; {@link Kind#LEFT_TO_PLUG_IN} is a doubt only. */
    public static List<Finding> check(Map<String, String> properties) {
        List<Finding> findings = new ArrayList<>();
        Map<String, String> values = refused(properties);
        Set<String> known = known();
        new TreeMap<>(properties).forEach((key, value) -> {
            Optional<Finding> refusal = ReservedProperties.refusal(key, properties);
            if (refusal.isPresent()) {
                findings.add(refusal.get());
            } else if (ReservedProperties.OWNED.contains(key)) {
                // Accepted: it says what Firn does anyway.
                return;
            } else if (!known.contains(key) && UNDECLARED_PREFIXES.stream().noneMatch(key::startsWith)) {
                findings.add(unknown(key, properties));
            } else if (values.containsKey(key)) {
                findings.add(new Finding(
                        Kind.VALUE, key, Objects.requireNonNull(values.get(key)), "correct it, or leave it out"));
            }
        });
        return findings;
    }

    private static Set<String> known() {
        Set<String> known = new TreeSet<>(ConsumerConfig.configNames());
        known.addAll(AdminClientConfig.configNames());
        known.addAll(UNDECLARED);
        return known;
    }

    private static Finding unknown(String key, Map<String, String> properties) {
        if (ProducerConfig.configNames().contains(key)) {
            return new Finding(
                    Kind.UNKNOWN, key, key + " is a property of Kafka producers; Firn has none", "leave it out");
        }
        List<String> readers = PLUG_INS.stream()
                .filter(plugIn -> !properties.getOrDefault(plugIn, "").isBlank())
                .toList();
        return readers.isEmpty()
                ? new Finding(Kind.UNKNOWN, key, "unknown Kafka client property " + key, "")
                : new Finding(
                        Kind.LEFT_TO_PLUG_IN,
                        key,
                        key + " is no Kafka client property; only the class in " + String.join(", ", readers)
                                + " can read it",
                        "check its name");
    }

    /** The values that the consumer's or the admin client's own parser refuses, with its reasons. */
    private static Map<String, String> refused(Map<String, String> properties) {
        Map<String, String> given = new HashMap<>(properties);
        // Where the client looks the value up elsewhere nobody knows it yet.
        given.values().removeIf(value -> value.contains("${"));
        Map<String, String> refused = new TreeMap<>();
        for (ConfigDef definition : List.of(AdminClientConfig.configDef(), ConsumerConfig.configDef())) {
            Map<String, String> own = new HashMap<>(given);
            own.keySet().retainAll(definition.names());
            for (ConfigValue value : definition.validate(own)) {
                if (own.containsKey(value.name()) && !value.errorMessages().isEmpty()) {
                    refused.put(value.name(), reason(value.errorMessages().get(0), value.name()));
                }
            }
        }
        CLASS_LISTS.stream().filter(given::containsKey).forEach(key -> missingClass(given.getOrDefault(key, ""))
                .ifPresent(reason -> refused.put(key, reason)));
        return refused;
    }

    /** The parser's sentence without the value, which may be a secret in the wrong place. */
    private static String reason(String message, String key) {
        int end = message.indexOf("configuration " + key + ": ");
        return end < 0
                ? "the Kafka client refuses it"
                : message.substring(end + ("configuration " + key + ": ").length());
    }

    private static Optional<String> missingClass(String names) {
        return Arrays.stream(names.split(","))
                .map(String::trim)
                .filter(name -> !name.isEmpty() && !isThere(name))
                .findFirst()
                .map(missing -> "a class is not on the class path");
    }

    private static boolean isThere(String name) {
        try {
            Class.forName(name, false, ClientPropertyRules.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError missing) {
            return false;
        }
    }
}
