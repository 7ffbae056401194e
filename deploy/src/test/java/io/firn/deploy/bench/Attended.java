package io.firn.deploy.bench;

import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The processes of one contender with somebody who looks after them: what ends by itself is started again, and what the
 * contender gave up is taken up again, each within seconds. Safe for use by several threads.
 */
final class Attended implements AutoCloseable {
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration GOODBYE = Duration.ofSeconds(60);

    private final Contender contender;
    private final List<Run> runs = new ArrayList<>();
    private final List<OsProcess> processes = new ArrayList<>();

    /** Who is gone because the plan says so. */
    private final Set<Integer> struck = new HashSet<>();

    private final Thread thread;
    private volatile boolean ending;
    private int mended;

    /** Starts them. @param run of the first process; the others have folders of their own in its folder */
    Attended(Contender contender, Run run, int count) throws IOException {
        this.contender = contender;
        for (int number = 0; number < count; number++) {
            runs.add(
                    number == 0
                            ? run
                            : run.in(Files.createDirectories(run.directory().resolve("process-" + number))));
            processes.add(contender.start(runs.get(number)));
        }
        thread = new Thread(this::attend, "attends-" + contender.name());
        thread.setDaemon(true);
        thread.start();
    }

    private void attend() {
        while (!ending) {
            try {
                look();
                int taken = contender.tend(runs.get(0));
                synchronized (this) {
                    mended += taken;
                }
            } catch (IOException failed) {
                System.out.println(contender.name() + " cannot be looked after: " + failed);
            }
            Eventually.pause(LOOK);
        }
    }

    private synchronized void look() throws IOException {
        for (int number = 0; number < processes.size(); number++) {
            if (!struck.contains(number) && !processes.get(number).isAlive() && !ending) {
                System.out.println("ended by itself: " + processes.get(number).tail());
                start(number);
                mended++;
            }
        }
    }

    private synchronized void start(int number) throws IOException {
        processes.get(number).close();
        struck.remove(number);
        processes.set(number, contender.start(runs.get(number)));
    }

    /** {@code kill -9}; it is started again after the pause. */
    void kill(int number, Duration pause) throws IOException {
        synchronized (this) {
            struck.add(number);
            processes.get(number).kill9();
        }
        Eventually.pause(pause);
        start(number);
    }

    /** As a long garbage collection or a suspended machine does. */
    void freeze(int number, Duration span) {
        OsProcess process;
        synchronized (this) {
            process = processes.get(number);
        }
        process.signal("STOP");
        Eventually.pause(span);
        process.signal("CONT");
    }

    /** As somebody does who knows no better any more. */
    void restartAll() throws IOException {
        for (int number = 0; number < processes.size(); number++) {
            synchronized (this) {
                struck.add(number);
                stop(processes.get(number));
            }
        }
        for (int number = 0; number < processes.size(); number++) {
            start(number);
        }
    }

    private static void stop(OsProcess process) {
        process.signal("TERM");
        if (!process.awaitExit(GOODBYE)) {
            process.kill9();
        }
    }

    /** What ended, or was given up, without the plan's doing, and had to be started again. */
    synchronized int mended() {
        return mended;
    }

    /** Ends them in good order. */
    void end() {
        ending = true;
        synchronized (this) {
            processes.forEach(Attended::stop);
        }
    }

    @Override
    public void close() {
        ending = true;
        synchronized (this) {
            processes.forEach(OsProcess::close);
        }
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
