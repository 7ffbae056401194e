package io.firn.deploy.maintain;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.compaction.JobResult;
import io.firn.compaction.Work;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.NeedsPolicy;
import io.firn.compaction.plan.RunHistory;
import io.firn.compaction.plan.TableDebt;
import io.firn.deploy.config.MaintenanceConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgeScheduleTest {
    private static final Map<JobKind, Duration> DEFAULTS = NeedsPolicy.DEFAULTS.every();

    private static MaintenanceConfig ages(Duration snapshots, Duration staging, Duration orphans) {
        MaintenanceConfig defaults = MaintenanceConfig.defaults();
        return new MaintenanceConfig(
                true,
                defaults.interval(),
                snapshots,
                defaults.snapshotsMax(),
                staging,
                orphans,
                defaults.maxBytes(),
                defaults.maxTime(),
                List.of());
    }

    /** What reached the age right after a run goes with the next one; the looks themselves take a while, too. */
    @ParameterizedTest
    @CsvSource({"STAGING, PT10M", "STAGING, PT1M", "STAGING, PT24H", "EXPIRE, PT1H", "ORPHANS, PT2H", "ORPHANS, PT720H"
    })
    void ageTakesEffectWithinATenth(JobKind kind, Duration age) {
        MaintenanceConfig config = ages(age, age, age);
        Map<JobKind, Duration> every = AgeSchedule.every(Map.of(kind, DEFAULTS.getOrDefault(kind, age)), config);
        Duration look = AgeSchedule.look(config, every);
        NeedsPolicy policy = new NeedsPolicy(
                Long.MAX_VALUE, Duration.ofDays(9), Long.MAX_VALUE, 2, Long.MAX_VALUE, Long.MAX_VALUE, 1_000, every);
        TableDebt debt = new TableDebt(Work.NONE, Work.NONE, 0, 0, 0, 0, 0, 10, 1, TableDebt.StagingLag.NONE);
        Instant now = Instant.EPOCH.plus(Duration.ofDays(10_000));
        RunHistory history = RunHistory.empty();
        Instant last = now;
        for (int i = 0; i < 200; i++) {
            if (policy.next(debt, history, now).isPresent()) {
                assertThat(Duration.between(last, now))
                        .isLessThanOrEqualTo(age.dividedBy(10).plus(look));
                last = now;
                history = history.after(kind, JobResult.End.DONE, now, new Random(1));
            }
            now = now.plus(look);
        }
        assertThat(Duration.between(last, now))
                .isLessThanOrEqualTo(age.dividedBy(10).plus(look));
        assertThat(look).isLessThanOrEqualTo(age.dividedBy(10));
    }

    @Test
    void longAgesLeaveTheScheduleAsItIs() {
        Duration year = Duration.ofDays(365);
        MaintenanceConfig config = ages(year, year, year);
        assertThat(AgeSchedule.every(DEFAULTS, config)).isEqualTo(DEFAULTS);
        assertThat(AgeSchedule.look(config, DEFAULTS)).isEqualTo(config.interval());
    }
}
