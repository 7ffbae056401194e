package io.firn.catalog.rest;

/** Metadata in the catalog or its store cannot be used. The cause may quote a file and is for the log alone. */
final class StoredMetadataException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /**
     * @param status of HTTP
     * @param message for the caller
     */
    StoredMetadataException(int status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    int status() {
        return status;
    }
}
