package io.firn.deploy;

import io.firn.deploy.cli.FirnCommand;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.time.Clock;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import sun.misc.Signal;

/** The process: arguments in, exit code out. */
public final class Main {
    /** What a shell reports of a process that a second Ctrl-C ended. */
    private static final int EXIT_INTERRUPTED = 130;

    private static final int EXIT_NOT_IN_TIME = 1;

    /** Before Kubernetes' default grace of 30 seconds is over, and after all that ends in good order has ended. */
    private static final Duration END_AT_ALL_COSTS = Service.STOP_TIME.plusSeconds(4);

    private Main() {}

    public static void main(String[] arguments) {
        StopRequest stop = new StopRequest();
        handleSignals(stop);
        Assembly assembly = new Assembly(Clock.systemUTC(), new SplittableRandom()::split, System::getenv);
        OutOfMemoryExit.install(assembly.secrets());
        Charset charset = Charset.defaultCharset();
        int code = FirnCommand.run(
                assembly,
                stop,
                new PrintWriter(System.out, true, charset),
                new PrintWriter(System.err, true, charset),
                arguments);
        // Not by return: a library's thread must not keep the process alive.
        System.exit(code);
    }

    /**
     * Libraries retry for minutes while a catalog or a store is away, and not all of them can be interrupted. What was
     * not committed by then is consumed again at the next start.
     */
    private static void endInTime() {
        Thread deadline = new Thread(
                () -> {
                    try {
                        if (!new CountDownLatch(1).await(END_AT_ALL_COSTS.toMillis(), TimeUnit.MILLISECONDS)) {
                            System.err.println("firn: did not stop within " + END_AT_ALL_COSTS.toSeconds()
                                    + " s, because something it needs does not answer; ending now");
                            Runtime.getRuntime().halt(EXIT_NOT_IN_TIME);
                        }
                    } catch (InterruptedException interrupt) {
                        Thread.currentThread().interrupt();
                    }
                },
                "firn-stop-deadline");
        deadline.setDaemon(true);
        deadline.start();
    }

    /**
     * A shutdown hook would be too late: the libraries' own hooks, which close file systems and thread pools, run
     * beside it. A signal handler lets the command end in its own order and choose the exit code.
     */
    private static void handleSignals(StopRequest stop) {
        for (String name : new String[] {"TERM", "INT"}) {
            Signal.handle(new Signal(name), signal -> {
                if (stop.request()) {
                    endInTime();
                } else if (signal.getName().equals("INT")) {
                    Runtime.getRuntime().halt(EXIT_INTERRUPTED);
                }
            });
        }
    }
}
