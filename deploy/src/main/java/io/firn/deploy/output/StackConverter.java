package io.firn.deploy.output;

import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import org.jspecify.annotations.Nullable;

/** An event's exception with its stack trace, each message in one line. */
public final class StackConverter extends ThrowableHandlingConverter {
    @Override
    public String convert(ILoggingEvent event) {
        StringBuilder text = new StringBuilder();
        append(text, "", event.getThrowableProxy(), "");
        return text.toString();
    }

    private static void append(StringBuilder text, String title, @Nullable IThrowableProxy thrown, String indentation) {
        if (thrown == null) {
            return;
        }
        text.append(indentation).append(title).append(thrown.getClassName());
        if (thrown.getMessage() != null) {
            text.append(": ").append(VisibleText.line(thrown.getMessage()));
        }
        text.append('\n');
        if (thrown.isCyclic()) {
            return;
        }
        StackTraceElementProxy[] frames = thrown.getStackTraceElementProxyArray();
        int own = frames.length - thrown.getCommonFrames();
        for (int i = 0; i < own; i++) {
            text.append(indentation).append('\t').append(frames[i]).append('\n');
        }
        if (thrown.getCommonFrames() > 0) {
            text.append(indentation)
                    .append("\t... ")
                    .append(thrown.getCommonFrames())
                    .append(" common frames\n");
        }
        for (IThrowableProxy suppressed : thrown.getSuppressed()) {
            append(text, "Suppressed: ", suppressed, indentation + "\t");
        }
        append(text, "Caused by: ", thrown.getCause(), indentation);
    }
}
