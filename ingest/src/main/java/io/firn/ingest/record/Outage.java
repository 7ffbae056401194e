package io.firn.ingest.record;

import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells of a trouble once, however often it is met, and once when it is over. Safe for use by several threads. */
public final class Outage {
    private final String subject;
    private final Consumer<String> log;
    private @Nullable String trouble;

    /**
     * @param subject who is in trouble, begins every line, as {@code Kafka}
     * @param log where the two lines go
     */
    public Outage(String subject, Consumer<String> log) {
        this.subject = subject;
        this.log = log;
    }

    /** It does not work now. */
    public synchronized void met(String reason) {
        if (trouble == null) {
            log.accept(subject + ": " + reason + "; will retry until it works");
        }
        trouble = reason;
    }

    /** It works. */
    public synchronized void over() {
        if (trouble != null) {
            log.accept(subject + ": works again");
        }
        trouble = null;
    }

    /** What is wrong at present. */
    public synchronized Optional<String> current() {
        return Optional.ofNullable(trouble).map(reason -> subject + ": " + reason);
    }
}
