package io.firn.catalog.commit;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.catalog.StoreRefusal;
import java.util.Optional;
import org.apache.iceberg.exceptions.ForbiddenException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NotAuthorizedException;
import org.apache.iceberg.exceptions.ValidationException;
import org.jspecify.annotations.Nullable;

/** What a foreign failure means: an error that no retry mends, or one that may pass. */
final class Failures {
    /** What Iceberg says when it refreshes a handle and finds another table in its place. */
    private static final String OTHER_TABLE = "UUID does not match";

    private Failures() {}

    /** The failure as a person should read it, where no attempt can ever succeed. */
    static Optional<FirnException> permanent(String table, String where, Throwable failure) {
        Optional<FirnException> refusal = StoreRefusal.in(failure, where);
        if (refusal.isPresent()) {
            return refusal;
        }
        if (isClockBehind(failure)) {
            return Optional.empty();
        }
        if (failure instanceof ValidationException || failure instanceof IllegalArgumentException) {
            return Optional.of(impossible(table, FailureText.of(failure), failure));
        }
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof NoSuchTableException) {
                return Optional.of(tableMissing(table, each));
            }
            if (each instanceof IllegalStateException && FailureText.of(each).contains(OTHER_TABLE)) {
                return Optional.of(tableReplaced(table, each));
            }
            if (each instanceof ForbiddenException || each instanceof NotAuthorizedException) {
                return Optional.of(new FirnException(
                        "catalog-access-refused",
                        FirnException.Kind.USER,
                        "the catalog refuses access: " + FailureText.of(each),
                        "table " + table,
                        "check the catalog's credentials and what they are allowed to do",
                        each));
            }
        }
        return Optional.empty();
    }

    /**
     * Whether the table's last snapshot is from more than a minute later than this machine's clock has it. The library
     * takes that for an error of its own; it passes when the clock is set right, or with time.
     */
    static boolean isClockBehind(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return failure instanceof IllegalArgumentException
                && (message.contains("Expected sorted snapshot log entries")
                        || message.contains("before last snapshot log entry")
                        || message.contains("before the latest metadata log entry"));
    }

    static FirnException impossible(String table, String reason, @Nullable Throwable cause) {
        return new FirnException(
                "commit-impossible",
                FirnException.Kind.INTERNAL,
                "the table refuses the commit: " + reason,
                "table " + table,
                "please report this with the log around it",
                cause);
    }

    static FirnException tableReplaced(String table, @Nullable Throwable cause) {
        return new FirnException(
                "table-replaced",
                FirnException.Kind.USER,
                "the table was dropped and another table was created under its name",
                "table " + table,
                "to fill the new table, start the pipeline again: it begins where 'start' says; otherwise restore the"
                        + " table that was dropped",
                cause);
    }

    static FirnException tableMissing(String table, @Nullable Throwable cause) {
        return new FirnException(
                "table-missing",
                FirnException.Kind.USER,
                "the table does not exist any more",
                "table " + table,
                "restore it, or restart to have it created again",
                cause);
    }
}
