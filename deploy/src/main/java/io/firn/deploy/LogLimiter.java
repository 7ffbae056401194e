package io.firn.deploy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.spi.AppenderAttachable;
import ch.qos.logback.core.spi.AppenderAttachableImpl;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Passes a warning or an error on once a minute, and says with the next one how many were left out: libraries log every
 * attempt of theirs while a system is away. Of libraries' exceptions only the messages are kept, not the stack traces.
 * Lines of a library are the same if logger and text without arguments are; lines of Firn if the whole text is.
 */
public final class LogLimiter extends UnsynchronizedAppenderBase<ILoggingEvent>
        implements AppenderAttachable<ILoggingEvent> {
    private static final long WINDOW_MILLIS = 60_000;

    /** Texts that are remembered; the one that was seen first is forgotten. */
    private static final int MAX_TEXTS = 1_000;

    private static final String OWN = "io.firn.";

    private final AppenderAttachableImpl<ILoggingEvent> target = new AppenderAttachableImpl<>();
    private final Map<String, Seen> texts = new LinkedHashMap<>();

    private static final class Seen {
        private long passedMillis;
        private long leftOut;

        Seen(long passedMillis) {
            this.passedMillis = passedMillis;
        }
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (!event.getLevel().isGreaterOrEqual(Level.WARN)) {
            target.appendLoopOnAppenders(event);
            return;
        }
        boolean own = event.getLoggerName().startsWith(OWN);
        long leftOut = leftOut(
                event.getLoggerName() + ' ' + (own ? event.getFormattedMessage() : event.getMessage()),
                event.getTimeStamp());
        if (leftOut < 0) {
            return;
        }
        boolean isOneLine =
                event.getThrowableProxy() == null && event.getFormattedMessage().indexOf('\n') < 0;
        boolean asItIs = leftOut == 0 && (own || isOneLine);
        target.appendLoopOnAppenders(asItIs ? event : shortened(event, own, leftOut));
    }

    /** How many events like this were left out before this one, or -1 if this one is left out, too. */
    private synchronized long leftOut(String text, long nowMillis) {
        Seen seen = texts.get(text);
        if (seen == null) {
            if (texts.size() >= MAX_TEXTS) {
                Iterator<String> oldest = texts.keySet().iterator();
                oldest.next();
                oldest.remove();
            }
            texts.put(text, new Seen(nowMillis));
            return 0;
        }
        if (nowMillis - seen.passedMillis < WINDOW_MILLIS) {
            seen.leftOut++;
            return -1;
        }
        long before = seen.leftOut;
        seen.passedMillis = nowMillis;
        seen.leftOut = 0;
        return before;
    }

    private static LoggingEvent shortened(ILoggingEvent event, boolean own, long leftOut) {
        LoggingEvent shorter = new LoggingEvent();
        String message = event.getFormattedMessage();
        StringBuilder text =
                new StringBuilder(own ? message : message.lines().findFirst().orElse(""));
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null && !own) {
            text.append(": ").append(reason(thrown));
        }
        if (leftOut > 0) {
            text.append(" (").append(leftOut).append(" more like this were left out)");
        }
        shorter.setMessage(text.toString());
        shorter.setLevel(event.getLevel());
        shorter.setLoggerName(event.getLoggerName());
        shorter.setThreadName(event.getThreadName());
        shorter.setInstant(event.getInstant());
        shorter.setMDCPropertyMap(event.getMDCPropertyMap());
        if (own && thrown instanceof ThrowableProxy) {
            shorter.setThrowableProxy((ThrowableProxy) thrown);
        }
        return shorter;
    }

    /** The innermost message says the most. */
    private static String reason(IThrowableProxy thrown) {
        IThrowableProxy root = thrown;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String message = root.getMessage() == null
                ? ""
                : root.getMessage().lines().findFirst().orElse("");
        return root.getClassName() + (message.isBlank() ? "" : ": " + message);
    }

    @Override
    public void addAppender(Appender<ILoggingEvent> appender) {
        target.addAppender(appender);
    }

    @Override
    public Iterator<Appender<ILoggingEvent>> iteratorForAppenders() {
        return target.iteratorForAppenders();
    }

    @Override
    public @Nullable Appender<ILoggingEvent> getAppender(String name) {
        return target.getAppender(name);
    }

    @Override
    public boolean isAttached(Appender<ILoggingEvent> appender) {
        return target.isAttached(appender);
    }

    @Override
    public void detachAndStopAllAppenders() {
        target.detachAndStopAllAppenders();
    }

    @Override
    public boolean detachAppender(Appender<ILoggingEvent> appender) {
        return target.detachAppender(appender);
    }

    @Override
    public boolean detachAppender(String name) {
        return target.detachAppender(name);
    }
}
