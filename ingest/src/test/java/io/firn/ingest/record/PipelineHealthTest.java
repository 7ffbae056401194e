package io.firn.ingest.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class PipelineHealthTest {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final PipelineHealth health = new PipelineHealth(new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    });

    private void pass(Duration time) {
        now = now.plus(time);
    }

    @Test
    void troubleKeepsTheTimeWhenItBeganUntilItIsCleared() {
        Instant begun = now;
        health.report("catalog", "refused");
        pass(Duration.ofSeconds(30));
        health.report("catalog", "reset");

        assertThat(health.troubles())
                .containsExactly(
                        new PipelineHealth.Trouble("catalog", PipelineHealth.Level.OUTAGE, "reset", begun, now));

        health.clear("catalog");
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void callIsATroubleOnlyWhileItTakesTooLong() {
        PipelineHealth.Call call = health.begin("worker 0", "writing data files", Duration.ofSeconds(8));
        pass(Duration.ofSeconds(8));
        assertThat(health.troubles()).isEmpty();

        pass(Duration.ofSeconds(1));
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.WARNING);
            assertThat(trouble.reason()).isEqualTo("writing data files: no answer for 9 s");
        });

        pass(Duration.ofMinutes(1));
        assertThat(health.troubles())
                .extracting(PipelineHealth.Trouble::level)
                .containsExactly(PipelineHealth.Level.OUTAGE);

        call.close();
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void outageReportsEveryReasonAndItsEnd() {
        Outage outage = new Outage("Kafka", line -> {}, health.outageOf("Kafka"));
        outage.met("away");
        outage.met("still away");
        assertThat(health.troubles()).extracting(PipelineHealth.Trouble::reason).containsExactly("still away");

        outage.over();
        assertThat(health.troubles()).isEmpty();
    }
}
