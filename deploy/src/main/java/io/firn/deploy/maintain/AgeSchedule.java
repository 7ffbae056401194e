package io.firn.deploy.maintain;

import io.firn.compaction.plan.JobKind;
import io.firn.deploy.config.MaintenanceConfig;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * How often the jobs run that remove what has reached an age: so often that a configured age takes effect within a
 * tenth of it.
 */
final class AgeSchedule {
    private static final int SHARE = 10;

    /** A shorter pause between two looks would only cost. */
    private static final Duration MIN_PAUSE = Duration.ofSeconds(1);

    private AgeSchedule() {}

    /** Returns the schedule with the pauses of those jobs shortened where their ages demand it. */
    static Map<JobKind, Duration> every(Map<JobKind, Duration> schedule, MaintenanceConfig config) {
        Map<JobKind, Duration> every = new EnumMap<>(JobKind.class);
        every.putAll(schedule);
        shorten(every, JobKind.STAGING, config.stagingKeep());
        shorten(every, JobKind.EXPIRE, config.snapshotsKeep());
        shorten(every, JobKind.ORPHANS, config.orphansKeep());
        return Collections.unmodifiableMap(every);
    }

    private static void shorten(Map<JobKind, Duration> every, JobKind kind, Duration age) {
        every.computeIfPresent(kind, (same, pause) -> least(pause, age.dividedBy(SHARE)));
    }

    private static Duration least(Duration pause, Duration other) {
        Duration shorter = pause.compareTo(other) < 0 ? pause : other;
        return shorter.compareTo(MIN_PAUSE) < 0 ? MIN_PAUSE : shorter;
    }

    /** Returns the time between two looks at a table: as configured, and never longer than a job's pause. */
    static Duration look(MaintenanceConfig config, Map<JobKind, Duration> every) {
        return every.values().stream()
                .reduce(config.interval(), (look, pause) -> look.compareTo(pause) < 0 ? look : pause);
    }
}
