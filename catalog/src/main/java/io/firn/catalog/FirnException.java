package io.firn.catalog;

import org.jspecify.annotations.Nullable;

/**
 * A failure that a person has to read. One catalogue of stable codes serves log, command line and, later, HTTP bodies.
 *
 * <p>The message has three parts: what is wrong, where (file, key, table, position), what to do. It never holds a
 * secret.
 */
public final class FirnException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Who can do something about a failure; decides the exit code and whether a retry may help. */
    public enum Kind {
        /** Wrong usage, configuration or table: a person has to change something. Exit code 2. */
        USER,
        /** A record that cannot be taken: its producer or the schema has to change. Exit code 1. */
        DATA,
        /** Kafka, catalog or store did not do its part: may recover by itself. Exit code 1. */
        EXTERNAL,
        /** A fault of Firn's own. Exit code 1. */
        INTERNAL
    }

    private final String code;
    private final Kind kind;
    private final String what;
    private final String where;
    private final String action;

    /**
     * @param code stable, lower case with hyphens, as {@code topic-recreated}
     * @param what what is wrong, one sentence without a full stop
     * @param where file, key, table, partition, offset; may be empty
     * @param action what the reader should do; may be empty
     */
    public FirnException(String code, Kind kind, String what, String where, String action, @Nullable Throwable cause) {
        super(message(what, where, action), cause);
        this.code = code;
        this.kind = kind;
        this.what = what;
        this.where = where;
        this.action = action;
    }

    public static FirnException user(String code, String what, String where, String action) {
        return new FirnException(code, Kind.USER, what, where, action, null);
    }

    public static FirnException data(String code, String what, String where, String action) {
        return new FirnException(code, Kind.DATA, what, where, action, null);
    }

    public static FirnException external(String code, String what, String where, String action, Throwable cause) {
        return new FirnException(code, Kind.EXTERNAL, what, where, action, cause);
    }

    public static FirnException internal(String code, String what, String where) {
        return new FirnException(code, Kind.INTERNAL, what, where, "please report this with the log around it", null);
    }

    public String code() {
        return code;
    }

    public Kind kind() {
        return kind;
    }

    /** What is wrong, one sentence. */
    public String what() {
        return what;
    }

    /** File, key, table or position; may be empty. */
    public String where() {
        return where;
    }

    /** What the reader should do; may be empty. */
    public String action() {
        return action;
    }

    private static String message(String what, String where, String action) {
        StringBuilder text = new StringBuilder(what);
        if (!where.isEmpty()) {
            text.append(" (").append(where).append(')');
        }
        if (!action.isEmpty()) {
            text.append("; ").append(action);
        }
        return text.toString();
    }
}
