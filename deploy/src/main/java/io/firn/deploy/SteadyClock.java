package io.firn.deploy;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.function.LongSupplier;

/**
 * Begins with the machine's time and goes on evenly, whoever sets the machine's clock meanwhile: what waits for an hour
 * by that clock would wait for two when it is set back by one.
 */
final class SteadyClock extends Clock {
    private final Clock begun;
    private final long beginNanos;
    private final LongSupplier nanos;

    private SteadyClock(Clock begun, long beginNanos, LongSupplier nanos) {
        this.begun = begun;
        this.beginNanos = beginNanos;
        this.nanos = nanos;
    }

    /** @param nanos as {@link System#nanoTime} */
    static SteadyClock from(Clock wall, LongSupplier nanos) {
        return new SteadyClock(Clock.fixed(wall.instant(), wall.getZone()), nanos.getAsLong(), nanos);
    }

    @Override
    public Instant instant() {
        return begun.instant().plus(Duration.ofNanos(nanos.getAsLong() - beginNanos));
    }

    @Override
    public ZoneId getZone() {
        return begun.getZone();
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return new SteadyClock(begun.withZone(zone), beginNanos, nanos);
    }
}
