package io.firn.ingest;

import io.firn.catalog.commit.LedgerClaim;
import io.firn.ingest.record.TopicSelection;
import java.time.Duration;

/**
 * How one pipeline of one process ingests.
 *
 * @param pipeline its name, the key in the ledger
 * @param topics what to consume
 * @param workers consumers in this process, at least 1
 * @param commitInterval time between two commits of the process
 * @param targetFileBytes a worker whose open files hold this much asks for a commit before the interval is over
 * @param memoryBytes heap that the open files of all workers may hold together
 * @param heartbeatInterval a table without new rows gets a snapshot of ledger and watermark this often
 * @param start where a table without a ledger begins
 * @param onGap what to do about offsets that Kafka no longer holds
 * @param claim what the pipeline's name has to do with others in the table's ledger
 */
public record PipelineSettings(
        String pipeline,
        TopicSelection topics,
        int workers,
        Duration commitInterval,
        long targetFileBytes,
        long memoryBytes,
        Duration heartbeatInterval,
        StartPosition start,
        OnGap onGap,
        LedgerClaim claim) {
    /** Seconds of data freshness against the number of snapshots: 8,640 a day. */
    public static final Duration DEFAULT_COMMIT_INTERVAL = Duration.ofSeconds(10);

    /** What Iceberg's planners like and one row group's writer can hold compressed. */
    public static final long DEFAULT_TARGET_FILE_BYTES = 128L << 20;

    /** Far below any retention in use, and 288 empty snapshots a day at the most. */
    public static final Duration DEFAULT_HEARTBEAT_INTERVAL = Duration.ofMinutes(5);

    /** Offsets that are no longer there: an error, or a gap written down in the snapshot. */
    public enum OnGap {
        STOP,
        RECORD
    }

    /** A pipeline that always had its name and reads its topics alone. */
    public PipelineSettings(
            String pipeline,
            TopicSelection topics,
            int workers,
            Duration commitInterval,
            long targetFileBytes,
            long memoryBytes,
            Duration heartbeatInterval,
            StartPosition start,
            OnGap onGap) {
        this(
                pipeline,
                topics,
                workers,
                commitInterval,
                targetFileBytes,
                memoryBytes,
                heartbeatInterval,
                start,
                onGap,
                LedgerClaim.NONE);
    }

    public PipelineSettings {
        if (pipeline.isEmpty() || workers < 1 || targetFileBytes < 1 || memoryBytes < 1) {
            throw new IllegalArgumentException("pipeline " + pipeline + ": workers " + workers + ", target "
                    + targetFileBytes + " bytes, memory " + memoryBytes + " bytes");
        }
        if (commitInterval.isZero() || commitInterval.isNegative() || heartbeatInterval.isNegative()) {
            throw new IllegalArgumentException("intervals must be positive: " + commitInterval);
        }
    }

    /** One worker, everything else as reasoned above; start earliest, stop on a gap. */
    public static PipelineSettings defaults(String pipeline, TopicSelection topics, long memoryBytes) {
        return new PipelineSettings(
                pipeline,
                topics,
                1,
                DEFAULT_COMMIT_INTERVAL,
                DEFAULT_TARGET_FILE_BYTES,
                memoryBytes,
                DEFAULT_HEARTBEAT_INTERVAL,
                StartPosition.earliest(),
                OnGap.STOP);
    }
}
