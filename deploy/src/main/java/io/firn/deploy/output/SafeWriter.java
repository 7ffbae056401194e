package io.firn.deploy.output;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;

/**
 * What a command prints: secrets are masked and control characters escaped, but for the ends of lines and tabs. A line
 * is passed on when it ends or is flushed, so that a secret is found however many pieces it comes in.
 */
public final class SafeWriter extends Writer {
    private final Writer target;
    private final Secrets secrets;
    private final StringBuilder line = new StringBuilder();

    private SafeWriter(Writer target, Secrets secrets) {
        this.target = target;
        this.secrets = secrets;
    }

    /** Returns a writer that prints to the target. */
    public static PrintWriter to(PrintWriter target, Secrets secrets) {
        return new PrintWriter(new SafeWriter(target, secrets), true);
    }

    @Override
    public void write(char[] text, int offset, int length) throws IOException {
        synchronized (lock) {
            line.append(text, offset, length);
            int end = line.lastIndexOf("\n");
            if (end >= 0) {
                pass(end + 1);
            }
        }
    }

    private void pass(int end) throws IOException {
        String masked = secrets.mask(line.substring(0, end));
        line.delete(0, end);
        StringBuilder visible = new StringBuilder(masked.length());
        for (int i = 0; i < masked.length(); i++) {
            char each = masked.charAt(i);
            boolean kept = each == '\n' || each == '\t' || !VisibleText.isHidden(each);
            // Of the ends of lines of Windows, whatever system prints them.
            boolean ends = each == '\r' && i + 1 < masked.length() && masked.charAt(i + 1) == '\n';
            if (kept || ends) {
                visible.append(each);
            } else {
                visible.append(VisibleText.escaped(each));
            }
        }
        target.write(visible.toString());
    }

    @Override
    public void flush() throws IOException {
        synchronized (lock) {
            pass(line.length());
            target.flush();
        }
    }

    @Override
    public void close() throws IOException {
        flush();
        target.close();
    }
}
