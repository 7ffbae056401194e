package io.firn.ingest.record;

import io.firn.catalog.ledger.SourcePartition;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Turns one worker's records into data files. Decode, route and write behind one port, so that the loop can be run
 * without any of them. Not safe for use by several threads.
 *
 * <p>A record that is refused leaves no trace in any file. After any other failure nothing but {@link #discard} may
 * follow: nobody knows what the open files hold.
 */
public interface BatchWriter {
    /**
     * What became of a record.
     */
    enum Written {
        ROW,
        /** A null value that the configuration counts instead of keeping as a row. */
        NULL_VALUE_COUNTED
    }

    /**
     * @param length bytes of the value from {@code start}, or -1 for a null value
     * @param key of the record, not changed; null for no key
     * @throws BadRecordException when it cannot become a row
     */
    Written write(
            SourcePartition partition,
            long offset,
            long timestampMillis,
            byte[] bytes,
            int start,
            int length,
            @Nullable ByteBuffer key);

    /** Bytes of heap that open files hold. */
    long bufferedBytes();

    /** Files being written now. */
    default int openFiles() {
        return 0;
    }

    /** Bytes, as they will be in the store, of all files since the last seal; an estimate while files are open. */
    long fileBytes();

    /**
     * Closes the open files and returns everything written since the last seal. Afterwards the writer takes the table
     * as it is now.
     */
    SealedFiles seal();

    /**
     * Drops everything written since the last seal, open files and closed ones, and removes the files. Afterwards the
     * writer takes the table as it is now.
     */
    void discard();

    /** Whether the table has changed since the writer took it; then a record that it refuses may fit by now. */
    boolean isOutdated();
}
