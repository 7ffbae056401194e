package io.firn.deploy.chaos;

import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.ServiceClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Checks that an outage of a server is visible: each process says within ten seconds that it is not ready, and says that
 * it is ready again after the server is back.
 */
final class OutageWatch {
    /** What the documentation promises. */
    private static final Duration VISIBLE_WITHIN = Duration.ofSeconds(10);

    /** The processes share the machine with everything else of the run, and one look may take a second. */
    private static final Duration ALLOWANCE = Duration.ofSeconds(5);

    private static final Duration READY_WITHIN = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(250);

    private final List<FirnProcess> fleet;
    private final Consumer<String> log;
    private final ServiceClient client = new ServiceClient();
    private final List<String> wrong = new ArrayList<>();

    OutageWatch(List<FirnProcess> fleet, Consumer<String> log) {
        this.fleet = fleet;
        this.log = log;
    }

    /** Returns what was not visible. */
    synchronized List<String> complaints() {
        return List.copyOf(wrong);
    }

    /** Takes the server away for the time, brings it back, and checks what each process says meanwhile. */
    void during(String what, Runnable away, Runnable back, Duration length) {
        away.run();
        long begin = System.nanoTime();
        try {
            for (FirnProcess process : List.copyOf(fleet)) {
                check(what + ": " + process.name() + " says that it is not ready", begin, process);
            }
            Eventually.pause(length.minusNanos(Math.min(length.toNanos(), System.nanoTime() - begin)));
        } finally {
            back.run();
        }
        for (FirnProcess process : List.copyOf(fleet)) {
            if (process.isAlive() && !turnsReady(process, 200, READY_WITHIN)) {
                add(what + " is over, and " + process.name() + " is not ready: " + ready(process));
            }
        }
    }

    private void check(String what, long begin, FirnProcess process) {
        Duration left = VISIBLE_WITHIN.plus(ALLOWANCE).minusNanos(System.nanoTime() - begin);
        if (!process.isAlive()) {
            return;
        }
        if (turnsReady(process, 503, left)) {
            log.accept(what + " after " + (System.nanoTime() - begin) / 1_000_000 + " ms: " + ready(process));
        } else {
            add("not within " + VISIBLE_WITHIN.toSeconds() + " s: " + what + "; it says " + ready(process));
        }
    }

    private boolean turnsReady(FirnProcess process, int status, Duration atMost) {
        try {
            Eventually.holds(
                    "readiness " + status,
                    atMost,
                    LOOK,
                    () -> client.get(process, "/health/ready")
                            .filter(answer -> answer.status() == status)
                            .isPresent(),
                    () -> "");
            return true;
        } catch (AssertionError not) {
            return false;
        }
    }

    private String ready(FirnProcess process) {
        return client.get(process, "/health/ready").map(Object::toString).orElse("no answer");
    }

    private synchronized void add(String what) {
        wrong.add(what);
    }
}
