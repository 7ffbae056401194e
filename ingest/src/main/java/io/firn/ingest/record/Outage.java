package io.firn.ingest.record;

import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells of a trouble once, however often it is met, and once when it is over. Safe for use by several threads. */
public final class Outage {
    /** Receives every change, for those who show it. Called with the lock of the outage held: return soon. */
    public interface Listener {
        /** A listener that ignores everything. */
        Listener NONE = new Listener() {};

        /** It does not work, for this reason. */
        default void outage(String reason) {}

        /** It works. */
        default void recovered() {}
    }

    private final String subject;
    private final Consumer<String> log;
    private final Listener listener;
    private @Nullable String trouble;

    /**
     * @param subject who is in trouble, begins every line, as {@code Kafka}
     * @param log where the two lines go
     */
    public Outage(String subject, Consumer<String> log) {
        this(subject, log, Listener.NONE);
    }

    /** @param listener receives every reason, repeated ones included, and the end */
    public Outage(String subject, Consumer<String> log, Listener listener) {
        this.subject = subject;
        this.log = log;
        this.listener = listener;
    }

    /** It does not work now. */
    public synchronized void met(String reason) {
        if (trouble == null) {
            log.accept(subject + ": " + reason + "; will retry until it works");
        }
        trouble = reason;
        listener.outage(reason);
    }

    /** It works. */
    public synchronized void over() {
        if (trouble != null) {
            log.accept(subject + ": works again");
            listener.recovered();
        }
        trouble = null;
    }

    /** What is wrong at present. */
    public synchronized Optional<String> current() {
        return Optional.ofNullable(trouble).map(reason -> subject + ": " + reason);
    }
}
