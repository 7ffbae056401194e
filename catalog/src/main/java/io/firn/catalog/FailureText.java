package io.firn.catalog;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a foreign failure says, in one line for a log or an error of ours. */
public final class FailureText {
    private static final Pattern SECRET =
            Pattern.compile("(password|secret|token|credential)=[^&;\\s]+", Pattern.CASE_INSENSITIVE);

    private FailureText() {}

    /**
     * The first line of the outermost message and of the innermost, which often says more; what looks like a secret is
     * left out.
     */
    public static String of(@Nullable Throwable failure) {
        if (failure == null) {
            return "no reason is given";
        }
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String outer = firstLine(failure);
        String inner = firstLine(root);
        return SECRET.matcher(outer.contains(inner) ? outer : outer + ": " + inner)
                .replaceAll("$1=***");
    }

    private static String firstLine(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank()
                ? failure.getClass().getSimpleName()
                : message.strip().lines().findFirst().orElse("");
    }
}
