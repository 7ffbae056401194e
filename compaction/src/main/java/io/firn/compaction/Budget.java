package io.firn.compaction;

import java.time.Duration;
import java.time.Instant;

/**
 * How much one run of a job may do, so that it starves nobody in the same process. A job looks at it between pieces of
 * work that take effect by themselves: it ends with progress made, not with work thrown away. The first piece is always
 * allowed, else a piece larger than the budget would never be done.
 *
 * @param files,bytes,rows most to read; {@link Long#MAX_VALUE} for no bound
 * @param time after which no further piece is begun
 */
public record Budget(long files, long bytes, long rows, Duration time) {
    /** No bound at all: for jobs run by hand. */
    public static final Budget UNLIMITED =
            new Budget(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, Duration.ofDays(365));

    public Budget {
        if (files <= 0 || bytes <= 0 || rows <= 0 || time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException("a budget of nothing lets nothing be done");
        }
    }

    /** Whether a further piece may be begun. */
    public boolean allows(Work done, Work piece, Instant started, Instant now) {
        if (done.isNone()) {
            return true;
        }
        return within(files, done.files(), piece.files())
                && within(bytes, done.bytes(), piece.bytes())
                && within(rows, done.rows(), piece.rows())
                && now.isBefore(started.plus(time));
    }

    public Budget withFiles(long most) {
        return new Budget(most, bytes, rows, time);
    }

    public Budget withBytes(long most) {
        return new Budget(files, most, rows, time);
    }

    public Budget withRows(long most) {
        return new Budget(files, bytes, most, time);
    }

    public Budget withTime(Duration most) {
        return new Budget(files, bytes, rows, most);
    }

    private static boolean within(long most, long done, long more) {
        return more <= most - Math.min(done, most);
    }
}
