package io.firn.ingest.record;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Collects what does not work in one pipeline at present. Any component reports its trouble under a name of its own and
 * clears it when it works again; status, health check, metrics and page show it. Safe for use by several threads.
 *
 * <pre>
 *   health.report("catalog", "connection refused");      // the pipeline does not do its work: not ready
 *   health.warn("merge", "the spill directory is full"); // the pipeline ingests, a person should look
 *   health.clear("catalog");
 *   try (PipelineHealth.Call call = health.begin("store", "writing data files", Duration.ofSeconds(8))) {
 *       ...                                              // shown as a trouble while it takes longer than that
 *   }
 * </pre>
 */
public final class PipelineHealth {
    /** How bad a trouble is. */
    public enum Level {
        /** The pipeline ingests, but a person should look. The service stays ready. */
        WARNING,
        /** The pipeline does not do its work. The service is not ready. */
        OUTAGE
    }

    /**
     * One trouble.
     *
     * @param component what reports it, for example {@code catalog} or {@code worker 0}
     * @param reason one line, without secrets
     * @param since when this component's trouble began
     * @param reported when it was last reported
     */
    public record Trouble(String component, Level level, String reason, Instant since, Instant reported) {}

    /** A call of another system that is in progress. */
    public interface Call extends AutoCloseable {
        /** The call has returned or failed. */
        @Override
        void close();
    }

    /** A call without an answer for so long keeps the pipeline from doing its work. */
    private static final Duration OUTAGE_AFTER = Duration.ofMinutes(1);

    private final Clock clock;
    private final Map<String, Trouble> troubles = new TreeMap<>();
    private final Set<OpenCall> calls = Collections.newSetFromMap(new IdentityHashMap<>());

    /** @param clock for the times in {@link Trouble} */
    public PipelineHealth(Clock clock) {
        this.clock = clock;
    }

    /** Returns an instance for components whose health nobody looks at; its clock stands still. */
    public static PipelineHealth unwatched() {
        return new PipelineHealth(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
    }

    /** Reports that the component does not work, so that the pipeline does not do its work. */
    public void report(String component, String reason) {
        put(component, Level.OUTAGE, reason);
    }

    /** Reports that the component does not work while the pipeline still ingests. */
    public void warn(String component, String reason) {
        put(component, Level.WARNING, reason);
    }

    private synchronized void put(String component, Level level, String reason) {
        Instant now = clock.instant();
        Trouble before = troubles.get(component);
        troubles.put(component, new Trouble(component, level, reason, before == null ? now : before.since(), now));
    }

    /** Reports that the component works. */
    public synchronized void clear(String component) {
        troubles.remove(component);
    }

    /** Forgets all reports and calls, because everything that made them has ended. */
    public synchronized void reset() {
        troubles.clear();
        calls.clear();
    }

    /**
     * Notes that a call of another system begins; it is a trouble of its own while it takes longer than it should.
     *
     * @param what it does, for example {@code writing data files}
     * @param patience how long it may take before it is shown
     */
    public synchronized Call begin(String component, String what, Duration patience) {
        OpenCall call = new OpenCall(component, what, clock.instant(), patience);
        calls.add(call);
        return call;
    }

    /** Returns what does not work now: reports by component, then calls that take too long. */
    public synchronized List<Trouble> troubles() {
        List<Trouble> all = new ArrayList<>(troubles.values());
        Instant now = clock.instant();
        calls.stream()
                .filter(call -> call.begun.plus(call.patience).isBefore(now))
                .sorted(Comparator.comparing(call -> call.component))
                .map(call -> call.trouble(now))
                .forEach(all::add);
        return List.copyOf(all);
    }

    /** Returns a listener that reports an outage of the component. */
    public Outage.Listener outageOf(String component) {
        return new Outage.Listener() {
            @Override
            public void outage(String reason) {
                report(component, reason);
            }

            @Override
            public void recovered() {
                clear(component);
            }
        };
    }

    private synchronized void end(OpenCall call) {
        calls.remove(call);
    }

    private final class OpenCall implements Call {
        private final String component;
        private final String what;
        private final Instant begun;
        private final Duration patience;

        OpenCall(String component, String what, Instant begun, Duration patience) {
            this.component = component;
            this.what = what;
            this.begun = begun;
            this.patience = patience;
        }

        Trouble trouble(Instant now) {
            Duration taken = Duration.between(begun, now);
            Level level = taken.compareTo(OUTAGE_AFTER) > 0 ? Level.OUTAGE : Level.WARNING;
            return new Trouble(component, level, what + ": no answer for " + taken.toSeconds() + " s", begun, now);
        }

        @Override
        public void close() {
            end(this);
        }
    }
}
