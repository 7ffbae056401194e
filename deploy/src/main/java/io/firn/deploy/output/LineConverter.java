package io.firn.deploy.output;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/** An event's message in one line: what others sent cannot begin a line of its own. */
public final class LineConverter extends ClassicConverter {
    @Override
    public String convert(ILoggingEvent event) {
        return VisibleText.line(event.getFormattedMessage());
    }
}
