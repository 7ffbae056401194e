package io.firn.deploy;

import io.firn.deploy.cli.FirnCommand;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.time.Clock;
import java.util.SplittableRandom;
import sun.misc.Signal;

/** The process: arguments in, exit code out. */
public final class Main {
    /** What a shell reports of a process that a second Ctrl-C ended. */
    private static final int EXIT_INTERRUPTED = 130;

    private Main() {}

    public static void main(String[] arguments) {
        StopRequest stop = new StopRequest();
        handleSignals(stop);
        Assembly assembly = new Assembly(Clock.systemUTC(), new SplittableRandom()::split, System::getenv);
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
     * A shutdown hook would be too late: the libraries' own hooks, which close file systems and thread pools, run beside
     * it. A signal handler lets the command end in its own order and choose the exit code.
     */
    private static void handleSignals(StopRequest stop) {
        for (String name : new String[] {"TERM", "INT"}) {
            Signal.handle(new Signal(name), signal -> {
                if (!stop.request() && signal.getName().equals("INT")) {
                    Runtime.getRuntime().halt(EXIT_INTERRUPTED);
                }
            });
        }
    }
}
