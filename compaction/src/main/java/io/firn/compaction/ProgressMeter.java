package io.firn.compaction;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Counts the work of one phase after the other and reports it, not more often than anybody can read it. Time left is
 * what the bytes (files, where there are no bytes) left would take at the rate of the phase so far.
 */
public final class ProgressMeter {
    /** Several reports a second look like movement; more are noise. */
    private static final Duration BETWEEN_REPORTS = Duration.ofMillis(200);

    private final String job;
    private final Clock clock;
    private final JobProgress listener;
    private String phase = "";
    private Work total = Work.NONE;
    private Work done = Work.NONE;
    private Instant began;
    private Instant reported;

    public ProgressMeter(String job, Clock clock, JobProgress listener) {
        this.job = job;
        this.clock = clock;
        this.listener = listener;
        this.began = clock.instant();
        this.reported = began;
    }

    /** Begins a phase; reports its begin. */
    public void begin(String name, Work expected) {
        phase = name;
        total = expected;
        done = Work.NONE;
        began = clock.instant();
        report(began);
    }

    /** Counts a piece of the phase; reports it where the last report is old enough. */
    public void add(Work piece) {
        done = done.plus(piece);
        Instant now = clock.instant();
        if (!now.isBefore(reported.plus(BETWEEN_REPORTS))) {
            report(now);
        }
    }

    /** Ends the phase; reports its end. */
    public void end() {
        total = done;
        report(clock.instant());
    }

    /** Of this phase so far. */
    public Work done() {
        return done;
    }

    private void report(Instant now) {
        reported = now;
        listener.report(new JobProgress.Report(job, phase, done, total, left(now)));
    }

    private Optional<Duration> left(Instant now) {
        boolean byBytes = total.bytes() > 0;
        double part = byBytes ? (double) done.bytes() / total.bytes() : (double) done.files() / total.files();
        if (!(part > 0)) {
            return Optional.empty();
        }
        double millis = Duration.between(began, now).toMillis() * Math.max(0, 1 - part) / part;
        return Optional.of(Duration.ofMillis(Math.round(millis)));
    }
}
