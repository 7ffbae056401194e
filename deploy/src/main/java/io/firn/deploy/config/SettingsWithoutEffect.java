package io.firn.deploy.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Finds settings that are right by themselves and have no effect beside the others. */
final class SettingsWithoutEffect {
    private final List<ConfigProblem> found = new ArrayList<>();

    private SettingsWithoutEffect() {}

    static List<ConfigProblem> of(Configuration configuration) {
        SettingsWithoutEffect settings = new SettingsWithoutEffect();
        settings.kafka(configuration.kafka());
        configuration.pipelines().forEach((name, pipeline) -> settings.pipeline("pipelines." + name, pipeline));
        return settings.found;
    }

    /** The client ignores a login or certificates under a protocol that has none. */
    private void kafka(Map<String, String> properties) {
        String protocol =
                properties.getOrDefault("security.protocol", "PLAINTEXT").toUpperCase(Locale.ROOT);
        if (!protocol.startsWith("SASL_")) {
            properties.keySet().stream()
                    .filter(key -> key.startsWith("sasl."))
                    .findFirst()
                    .ifPresent(key -> add(
                            "kafka." + key,
                            key + " has no effect under security.protocol: " + protocol,
                            "set security.protocol to SASL_SSL or SASL_PLAINTEXT, or leave it out"));
        }
        if (!protocol.endsWith("SSL")) {
            properties.keySet().stream()
                    .filter(key -> key.startsWith("ssl."))
                    .findFirst()
                    .ifPresent(key -> add(
                            "kafka." + key,
                            key + " has no effect under security.protocol: " + protocol,
                            "set security.protocol to SSL or SASL_SSL, or leave it out"));
        }
    }

    private void pipeline(String key, PipelineConfig pipeline) {
        MaintenanceConfig maintenance = pipeline.maintenance();
        MaintenanceConfig defaults = MaintenanceConfig.defaults();
        if (pipeline.upsert().isEmpty() && !maintenance.stagingKeep().equals(defaults.stagingKeep())) {
            add(
                    key + ".maintenance.staging-keep",
                    "staging-keep has no effect in mode append, which has no staging table",
                    "leave it out");
        }
        if (!maintenance.enabled() && !maintenance.equals(disabled(defaults))) {
            add(
                    key + ".maintenance",
                    "the settings of maintenance have no effect while maintenance.enabled is false",
                    "leave them out, or set enabled: true; firn compact takes them nevertheless");
        }
        if (pipeline.decode().timestampUnit().isPresent()
                && pipeline.schema()
                        .filter(schema ->
                                !schema.toLowerCase(Locale.ROOT).matches("(?s).*\\btimestamp(tz)?(_ns)?\\b.*"))
                        .isPresent()) {
            add(
                    key + ".timestamp-unit",
                    "timestamp-unit has no effect: the schema has no timestamp column",
                    "leave it out");
        }
    }

    private static MaintenanceConfig disabled(MaintenanceConfig config) {
        return new MaintenanceConfig(
                false,
                config.interval(),
                config.snapshotsKeep(),
                config.snapshotsMax(),
                config.stagingKeep(),
                config.orphansKeep(),
                config.maxBytes(),
                config.maxTime(),
                config.locations());
    }

    private void add(String where, String what, String action) {
        found.add(new ConfigProblem(what, where, action));
    }
}
