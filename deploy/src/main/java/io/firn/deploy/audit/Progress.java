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
    private final Consumer<String> say;
    private Instant last;
    private String work = "";
    private String unit = "";
    private long total;
    private long done;

    /** @param say hears whole lines */
    public Progress(Clock clock, Consumer<String> say) {
        this.clock = clock;
        this.say = say;
        this.last = clock.instant();
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
        if (Duration.between(last, now).compareTo(INTERVAL) >= 0) {
            last = now;
            say.accept(String.format(Locale.ROOT, "%s: %,d%s %s", work, done, of(), unit));
        }
    }

    private String of() {
        return total < 0 ? "" : String.format(Locale.ROOT, " of %,d", total);
    }
}
