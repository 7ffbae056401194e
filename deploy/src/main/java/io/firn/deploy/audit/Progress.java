package io.firn.deploy.audit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Consumer;

/** Says every few seconds how far long work is. Short work is done before it says a word. */
public final class Progress {
    private static final Duration INTERVAL = Duration.ofSeconds(3);

    /** The clock is not asked for every row. */
    private static final int ROWS_A_LOOK = 1 << 10;

    private final Clock clock;
    private final Duration interval;
    private final Listener listener;
    private Instant last;
    private String work = "";
    private String unit = "";
    private long total;
    private long done;

    /** Hears how far work is. */
    public interface Listener {
        /** @param total -1 where nobody knows */
        void at(String work, String unit, long done, long total);
    }

    private Progress(Clock clock, Duration interval, Listener listener) {
        this.clock = clock;
        this.interval = interval;
        this.listener = listener;
        this.last = clock.instant();
    }

    /** @param say hears whole lines */
    public Progress(Clock clock, Consumer<String> say) {
        this(
                clock,
                INTERVAL,
                (work, unit, done, total) -> say.accept(String.format(
                        Locale.ROOT,
                        "%s: %,d%s %s",
                        work,
                        done,
                        total < 0 ? "" : String.format(Locale.ROOT, " of %,d", total),
                        unit)));
    }

    /** @param interval between two calls of the listener, at least */
    public static Progress told(Clock clock, Duration interval, Listener listener) {
        return new Progress(clock, interval, listener);
    }

    /** Nobody listens. */
    public static Progress silent() {
        return new Progress(Clock.systemUTC(), line -> {});
    }

    /** @param total how many units there will be, -1 where nobody knows */
    void begin(String nextWork, String nextUnit, long nextTotal) {
        work = nextWork;
        unit = nextUnit;
        total = nextTotal;
        done = 0;
    }

    void step() {
        done++;
        if (done % ROWS_A_LOOK == 0) {
            tell();
        }
    }

    /** So far in all; may be called as often as one likes. */
    void at(long count) {
        done = count;
        tell();
    }

    private void tell() {
        Instant now = clock.instant();
        if (Duration.between(last, now).compareTo(interval) >= 0) {
            last = now;
            listener.at(work, unit, done, total);
        }
    }
}
