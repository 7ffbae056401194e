package io.firn.deploy.config;

import java.time.Duration;
import java.util.List;

/**
 * How the service keeps a pipeline's tables fast.
 *
 * @param enabled whether it does; merges go on without
 * @param interval between two looks at what a table needs
 * @param snapshotsKeep age at which snapshots expire
 * @param snapshotsMax most of the snapshots older than half an hour that stay though they are younger than that
 * @param stagingKeep age at which files of the staging table go whose rows are all merged
 * @param orphansKeep age at which files that no snapshot names are removed
 * @param maxBytes most input of one run of a job
 * @param maxTime after which a run begins nothing further
 * @param locations directories that a person vouches for: they hold files of this pipeline's tables alone
 */
public record MaintenanceConfig(
        boolean enabled,
        Duration interval,
        Duration snapshotsKeep,
        int snapshotsMax,
        Duration stagingKeep,
        Duration orphansKeep,
        long maxBytes,
        Duration maxTime,
        List<String> locations) {
    public MaintenanceConfig {
        locations = List.copyOf(locations);
    }

    /** Iceberg's own ages; runs short enough that no table waits long for another's. */
    public static MaintenanceConfig defaults() {
        return new MaintenanceConfig(
                true,
                Duration.ofMinutes(1),
                Duration.ofHours(120),
                300,
                Duration.ofHours(24),
                Duration.ofHours(72),
                4L << 30,
                Duration.ofMinutes(10),
                List.of());
    }
}
