package io.firn.ingest;

import io.firn.catalog.FirnException;
import java.io.IOException;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.exceptions.ServiceFailureException;
import org.apache.iceberg.exceptions.ServiceUnavailableException;

/** Whether a writer failed because the store is away: then its work is dropped and consumed again. */
final class StoreFailures {
    private StoreFailures() {}

    static boolean mayRecover(RuntimeException failure) {
        if (failure instanceof FirnException) {
            return ((FirnException) failure).kind() == FirnException.Kind.EXTERNAL;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException
                    || cause instanceof RuntimeIOException
                    || cause instanceof ServiceFailureException
                    || cause instanceof ServiceUnavailableException
                    // The store's client is not on this module's class path; its exceptions have this package.
                    || cause.getClass().getName().startsWith("software.amazon.awssdk.")) {
                return true;
            }
        }
        return false;
    }
}
