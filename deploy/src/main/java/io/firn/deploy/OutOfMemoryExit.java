package io.firn.deploy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.firn.deploy.output.Secrets;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Ends the process where memory ran out in a thread that no pipeline can be stopped for: one that dies of it, or one of
 * Kafka's clients, which logs the error and then asks for the same memory for ever. Where it runs out in a pipeline's
 * own thread, its supervisor ends the pipeline and the process goes on.
 */
final class OutOfMemoryExit extends TurboFilter {
    private static final String KAFKA = "org.apache.kafka.";
    private static final int FAILED = 1;

    private final Runnable exit;

    /** @param exit ends the process */
    OutOfMemoryExit(Runnable exit) {
        this.exit = exit;
    }

    /**
     * Ends the process from now on where a Kafka client logs that memory ran out, whatever the logging configuration
     * is, and where a thread dies of it.
     *
     * @param secrets not to be shown with what a thread died of
     */
    static void install(Secrets secrets) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext logging) {
            logging.addTurboFilter(new OutOfMemoryExit(() -> end("a Kafka client")));
        }
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
            if (isOutOfMemory(thrown)) {
                end("thread " + thread.getName());
            }
            System.err.println(secrets.mask("firn: thread " + thread.getName() + " died of " + thrown));
        });
    }

    private static void end(String where) {
        System.err.println("firn: the process has no memory left, in " + where
                + "; it ends and can be started again. Give it more heap (FIRN_HEAP_OPTS) or set 'memory' lower");
        Runtime.getRuntime().halt(FAILED);
    }

    private static boolean isOutOfMemory(@Nullable Throwable thrown) {
        for (Throwable each = thrown; each != null && each != each.getCause(); each = each.getCause()) {
            if (each instanceof OutOfMemoryError) {
                return true;
            }
        }
        return false;
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] arguments,
            @Nullable Throwable thrown) {
        if (thrown != null && logger.getName().startsWith(KAFKA) && isOutOfMemory(thrown)) {
            exit.run();
        }
        return FilterReply.NEUTRAL;
    }
}
