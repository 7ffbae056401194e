package io.firn.catalog;

import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.iceberg.exceptions.ForbiddenException;
import org.apache.iceberg.exceptions.NotAuthorizedException;

/** What a catalog's failure means to the person who configured it. */
final class CatalogFailures {
    /** A "duplicate key" is PostgreSQL's own list of tables, which two creations at the same moment trip over. */
    private static final Pattern THERE_ALREADY = Pattern.compile("(?i)already exists|duplicate (column|key)");

    private CatalogFailures() {}

    static FirnException translate(Throwable failure, String what, String where, Map<String, String> properties) {
        if (failure instanceof FirnException) {
            return (FirnException) failure;
        }
        Optional<FirnException> refusal = StoreRefusal.in(failure, where);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        String why = withoutSecrets(FailureText.of(failure), properties);
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof ForbiddenException
                    || each instanceof NotAuthorizedException
                    || isWrongLogin(each)
                    || isRefusedByStore(each)) {
                return new FirnException(
                        "catalog-access-refused",
                        FirnException.Kind.USER,
                        what + ": access was refused: " + why,
                        where,
                        "check the credentials and what they are allowed to do",
                        failure);
            }
        }
        if (failure instanceof IllegalArgumentException
                || failure instanceof UnsupportedOperationException
                || failure instanceof LinkageError) {
            return new FirnException(
                    "catalog-config",
                    FirnException.Kind.USER,
                    what + ": " + why,
                    where,
                    "check the catalog's properties",
                    failure);
        }
        return FirnException.external(
                "catalog-unreachable", what + ": " + why, where, "check the address and that it is running", failure);
    }

    /** The AWS client, which is there at run time only, says so in words. */
    private static boolean isRefusedByStore(Throwable failure) {
        return failure.getClass().getName().startsWith("software.amazon.awssdk.")
                && String.valueOf(failure.getMessage()).matches("(?s).*Status Code: (401|403).*");
    }

    /** SQL states of class 28: invalid authorization. */
    private static boolean isWrongLogin(Throwable failure) {
        if (!(failure instanceof SQLException)) {
            return false;
        }
        String state = ((SQLException) failure).getSQLState();
        return state != null && state.startsWith("28");
    }

    /** A table or column that was to be created; databases agree on no code for it, but more or less on the words. */
    static boolean isThereAlready(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof SQLException
                    && THERE_ALREADY.matcher(String.valueOf(each.getMessage())).find()) {
                return true;
            }
        }
        return false;
    }

    private static String withoutSecrets(String message, Map<String, String> properties) {
        String clean = message;
        for (Map.Entry<String, String> property : properties.entrySet()) {
            String key = property.getKey().toLowerCase(Locale.ROOT);
            boolean secret = key.contains("password")
                    || key.contains("secret")
                    || key.contains("token")
                    || key.contains("credential");
            if (secret && property.getValue().length() > 3) {
                clean = clean.replace(property.getValue(), "***");
            }
        }
        return clean;
    }
}
