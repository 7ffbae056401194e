package io.firn.deploy.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A whole configuration file, checked.
 *
 * @param kafka client properties, passed through; may hold secrets
 * @param catalog Iceberg catalog properties, passed through; may hold secrets
 * @param http where the service listens
 * @param instance name of this process, the same after a restart; empty: the machine's
 * @param memoryBytes bound on all buffers of the process
 * @param auditInterval between two audits of every pipeline by the service; empty for none
 * @param pipelines by name; at least one
 */
public record Configuration(
        SortedMap<String, String> kafka,
        SortedMap<String, String> catalog,
        HttpConfig http,
        Optional<String> instance,
        long memoryBytes,
        Optional<Duration> auditInterval,
        SortedMap<String, PipelineConfig> pipelines) {
    /** Enough for two workers with a few dozen open Parquet files; fits the default heap of bin/firn twice. */
    public static final long DEFAULT_MEMORY_BYTES = 512L << 20;

    public Configuration {
        kafka = copyOf(kafka);
        catalog = copyOf(catalog);
        pipelines = copyOf(pipelines);
    }

    private static <V> SortedMap<String, V> copyOf(Map<String, V> map) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }

    /** Returns what may be wrong and cannot be decided here, and settings that have no effect. */
    public List<ConfigProblem> doubts() {
        List<ConfigProblem> doubts = new ArrayList<>(KafkaSection.doubts(kafka));
        doubts.addAll(SettingsWithoutEffect.of(this));
        http.tls().ifPresent(tls -> doubts.addAll(tls.doubts()));
        return doubts;
    }

    /** Without the values of the pass-through properties: any of them may be a secret. */
    @Override
    public String toString() {
        return "Configuration[kafka=" + kafka.keySet() + ", catalog=" + catalog.keySet() + ", http=" + http
                + ", instance=" + instance + ", memoryBytes=" + memoryBytes + ", auditInterval=" + auditInterval
                + ", pipelines=" + pipelines
                + "]";
    }
}
