package io.firn.deploy.config;

import io.firn.compaction.expire.ExpireSettings;
import io.firn.compaction.orphan.OrphanSettings;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** Reads what a pipeline says about keys, merges and maintenance. */
final class UpsertSection {
    private static final long LEAST_MERGE_BYTES = 8L << 20;

    private final Section section;

    UpsertSection(Section section) {
        this.section = section;
    }

    /** @return empty in mode append, where none of the keys may stand */
    Optional<UpsertConfig> upsert() {
        String mode = section.text("mode").orElse("append");
        if (!mode.equals("append") && !mode.equals("upsert")) {
            section.wrong("mode", section.quoted("mode", mode) + " is not a known mode", "write append or upsert");
        }
        if (mode.equals("upsert")) {
            return Optional.of(read());
        }
        for (String key : List.of("key", "order-by", "delete-when", "key-format", "view-catalog", "merge")) {
            if (section.has(key)) {
                section.wrong(key, key + " says nothing in mode append", "set mode: upsert, or leave it out");
            }
        }
        return Optional.empty();
    }

    private UpsertConfig read() {
        List<String> key = section.texts("key");
        if (key.isEmpty()) {
            section.missing("key", "key: [order_id]");
        }
        if (new HashSet<>(key).size() < key.size()) {
            section.wrong("key", "the key names a column twice", "name each column once");
        }
        UpsertConfig.KeyFormat otherwise = UpsertConfig.defaults(key).keyFormat();
        UpsertConfig.KeyFormat format =
                section.choice("key-format", UpsertConfig.KeyFormat.class).orElse(otherwise);
        if (format == UpsertConfig.KeyFormat.TEXT && key.size() > 1) {
            section.wrong("key-format", "text holds one column, the key has " + key.size(), "write json");
        }
        UpsertConfig config = new UpsertConfig(
                key,
                section.text("order-by"),
                section.text("delete-when"),
                format,
                section.text("view-catalog"),
                merge(section.section("merge")));
        contradictions();
        return config;
    }

    private void contradictions() {
        if (section.has("on-null-value")) {
            section.wrong("on-null-value", "in mode upsert a null value deletes its key", "leave it out");
        }
        if (section.flag("adopt", false)) {
            section.wrong("adopt", "a keyed table that Firn did not fill cannot be taken over yet", "leave it out");
        }
        if (section.choice("source-columns", PipelineConfig.SourceColumns.class)
                .filter(choice -> choice == PipelineConfig.SourceColumns.PRESENT)
                .isPresent()) {
            section.wrong("source-columns", "a merge needs all source columns", "leave it out");
        }
    }

    private static MergeConfig merge(Section merge) {
        MergeConfig defaults = MergeConfig.defaults();
        MergeConfig config = new MergeConfig(
                merge.duration("interval", defaults.interval()),
                merge.positive("rows", defaults.rows()),
                merge.bytes("memory", defaults.memoryBytes()),
                merge.duration("fail-after", defaults.failAfter()));
        requireTime(merge, "interval", config.interval());
        requireTime(merge, "fail-after", config.failAfter());
        if (config.memoryBytes() < LEAST_MERGE_BYTES) {
            merge.wrong("memory", "a merge needs some memory", "write at least " + (LEAST_MERGE_BYTES >> 20) + "MB");
        }
        merge.finish();
        return config;
    }

    /** Of both modes. */
    MaintenanceConfig maintenance() {
        Section maintenance = section.section("maintenance");
        MaintenanceConfig defaults = MaintenanceConfig.defaults();
        MaintenanceConfig config = new MaintenanceConfig(
                maintenance.flag("enabled", defaults.enabled()),
                maintenance.duration("interval", defaults.interval()),
                maintenance.duration("snapshots-keep", defaults.snapshotsKeep()),
                Math.toIntExact(
                        Math.min(maintenance.positive("snapshots-max", defaults.snapshotsMax()), Integer.MAX_VALUE)),
                maintenance.duration("staging-keep", defaults.stagingKeep()),
                maintenance.duration("orphans-keep", defaults.orphansKeep()),
                maintenance.bytes("max-size", defaults.maxBytes()),
                maintenance.duration("max-time", defaults.maxTime()),
                maintenance.texts("locations"));
        requireTime(maintenance, "interval", config.interval());
        requireTime(maintenance, "max-time", config.maxTime());
        if (config.maxBytes() == 0) {
            maintenance.wrong("max-size", "a run of 0 bytes does nothing", "write at least 1MB");
        }
        atLeast(maintenance, "snapshots-keep", config.snapshotsKeep(), ExpireSettings.LEAST_AGE);
        atLeast(maintenance, "orphans-keep", config.orphansKeep(), OrphanSettings.LEAST_AGE);
        maintenance.finish();
        return config;
    }

    private static void requireTime(Section in, String key, Duration time) {
        if (time.isZero()) {
            in.wrong(key, "a time of 0 is none", "write at least 1ms");
        }
    }

    private static void atLeast(Section in, String key, Duration age, Duration least) {
        if (age.compareTo(least) < 0) {
            in.wrong(
                    key,
                    "what is younger than " + least.toMinutes() + " minutes may still be needed by work in progress",
                    "write at least " + least.toMinutes() + "m");
        }
    }
}
