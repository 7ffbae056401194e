package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SteadyClockTest {
    private final AtomicReference<Instant> wall = new AtomicReference<>(Instant.parse("2026-03-01T12:00:00Z"));
    private final AtomicLong nanos = new AtomicLong(-5);

    @Test
    void it_goes_on_evenly_when_the_machines_clock_is_set_back_or_forward() {
        InstantSource machine = wall::get;
        Clock steady = SteadyClock.from(machine.withZone(ZoneOffset.UTC), nanos::get);
        assertThat(steady.instant()).isEqualTo("2026-03-01T12:00:00Z");
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        wall.set(Instant.parse("2026-03-01T11:00:00Z"));
        assertThat(steady.instant()).isEqualTo("2026-03-01T12:00:02Z");
        nanos.addAndGet(1_000_000);
        wall.set(Instant.parse("2027-03-01T11:00:00Z"));
        assertThat(steady.instant()).isEqualTo("2026-03-01T12:00:02.001Z");
    }
}
