package io.firn.compaction.parquet;

import java.io.IOException;

/** The files are of a shape that page-wise copying does not know; nothing is wrong with them. */
public final class NotCopyableException extends IOException {
    private static final long serialVersionUID = 1L;

    public NotCopyableException(String message) {
        super(message);
    }
}
