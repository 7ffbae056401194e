package io.firn.catalog.commit;

import org.apache.iceberg.exceptions.CleanableFailure;

/**
 * Somebody else changed the table first, and this attempt is known not to have landed. Not Iceberg's own conflict type,
 * because the library would retry on that, on metadata whose ledger nobody checked. The library may remove the
 * manifests of the attempt.
 */
final class CommitConflictException extends RuntimeException implements CleanableFailure {
    private static final long serialVersionUID = 1L;

    CommitConflictException(Throwable cause) {
        super(cause.getMessage(), cause);
    }
}
