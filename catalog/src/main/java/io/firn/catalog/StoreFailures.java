package io.firn.catalog;

import java.io.IOException;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.exceptions.ServiceFailureException;
import org.apache.iceberg.exceptions.ServiceUnavailableException;

/**
 * A failure that may pass: the store or the catalog is away, overloaded, full. What was begun is dropped and done again
 * later.
 */
public final class StoreFailures {
    private StoreFailures() {}

    /** Whether it is one of those. */
    public static boolean mayRecover(RuntimeException failure) {
        if (failure instanceof FirnException) {
            return ((FirnException) failure).kind() == FirnException.Kind.EXTERNAL;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException
                    || cause instanceof RuntimeIOException
                    || cause instanceof ServiceFailureException
                    || cause instanceof ServiceUnavailableException
                    // Whatever the client of S3, Glue or DynamoDB throws.
                    || cause.getClass().getName().startsWith("software.amazon.awssdk.")) {
                return true;
            }
        }
        return false;
    }
}
