package io.firn.deploy.config;

import io.firn.ingest.poll.ClientPropertyRules;
import io.firn.ingest.poll.ClientPropertyRules.Finding;
import io.firn.ingest.poll.ClientPropertyRules.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checks Kafka's client properties: each has an effect, or is refused with the reason. */
final class KafkaSection {
    private static final String BOOTSTRAP = "bootstrap.servers";

    private final Section section;

    KafkaSection(Section section) {
        this.section = section;
    }

    void check(Map<String, String> properties) {
        Optional.ofNullable(properties.get(BOOTSTRAP)).ifPresent(this::addresses);
        for (Finding finding : ClientPropertyRules.check(properties)) {
            String key = finding.key();
            switch (finding.kind()) {
                case UNKNOWN -> section.wrong(key, finding.what(), actionForUnknown(finding));
                case OWNED -> section.wrong(key, key + " belongs to Firn: " + finding.what(), finding.action());
                case NO_EFFECT -> section.wrong(key, finding.what(), finding.action());
                case VALUE ->
                    section.wrong(
                            key,
                            section.quoted(key, String.valueOf(properties.get(key))) + " is no usable " + key + ": "
                                    + finding.what(),
                            finding.action());
                case LEFT_TO_PLUG_IN -> {
                    // A doubt: told by the check and at the start.
                }
            }
        }
    }

    private static String actionForUnknown(Finding finding) {
        return finding.action().isEmpty()
                ? NearestKey.hint(finding.key(), ClientPropertyRules.names()).strip()
                : finding.action();
    }

    /** As the client splits them; it takes an IPv6 address without brackets apart at its last colon. */
    private void addresses(String servers) {
        for (String server : Arrays.stream(servers.split(",")).map(String::trim).toList()) {
            String address = server.replaceFirst("^[A-Za-z][A-Za-z0-9+_.-]*://", "");
            HostAndPort.problem(address, "localhost:9092")
                    .ifPresent(action ->
                            section.wrong(BOOTSTRAP, section.quoted(BOOTSTRAP, server) + " is not host:port", action));
        }
    }

    /** Properties that only a configured class can know. */
    static List<ConfigProblem> doubts(Map<String, String> properties) {
        return ClientPropertyRules.check(properties).stream()
                .filter(finding -> finding.kind() == Kind.LEFT_TO_PLUG_IN)
                .map(finding -> new ConfigProblem(finding.what(), "kafka." + finding.key(), finding.action()))
                .toList();
    }
}
