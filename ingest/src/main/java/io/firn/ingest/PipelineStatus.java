package io.firn.ingest;

import io.firn.catalog.ledger.SourcePartition;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one process knows of one pipeline at a moment.
 *
 * @param pipeline its name
 * @param state what it is doing
 * @param partitions those assigned to this process now, ascending
 * @param commits commits of this process so far, heartbeats included
 * @param resets how often uncommitted work was dropped because the table had moved on
 * @param lastCommit when the last commit of this process became visible
 * @param lastSnapshotId the snapshot of that commit
 * @param bufferedBytes heap held by open files
 * @param figures further ones, for those who watch
 * @param trouble what is being retried, in one line, or why the pipeline failed
 */
public record PipelineStatus(
        String pipeline,
        State state,
        List<PartitionStatus> partitions,
        long commits,
        long resets,
        Optional<Instant> lastCommit,
        OptionalLong lastSnapshotId,
        long bufferedBytes,
        Figures figures,
        Optional<String> trouble) {
    /** What a pipeline is doing. */
    public enum State {
        STARTING,
        RUNNING,
        /** Somebody asked it not to read from Kafka for a while. */
        PAUSED,
        STOPPING,
        STOPPED,
        FAILED
    }

    /**
     * What it costs.
     *
     * @param commitMillis that attempts at commits have taken
     * @param undecided attempts after which it was not known whether the commit took effect, or that met a conflict
     * @param openFiles data files being written now
     */
    public record Figures(long commitMillis, long undecided, int openFiles) {}

    /**
     * One partition.
     *
     * @param committed the next offset according to the table; empty until the ledger was read
     * @param end the end of the partition when Kafka was last asked
     * @param until the Kafka time up to which the table has everything, in milliseconds; empty until it is known
     * @param delivered records handed over by Kafka to this process, replays included
     * @param processed records decoded and written to a file, or counted as skipped
     * @param effective rows that this process made visible
     */
    public record PartitionStatus(
            SourcePartition partition,
            OptionalLong committed,
            OptionalLong end,
            OptionalLong until,
            long delivered,
            long processed,
            long effective) {
        /** Records between the table and the end of the partition, where both are known. */
        public OptionalLong lag() {
            return committed.isPresent() && end.isPresent()
                    ? OptionalLong.of(Math.max(0, end.getAsLong() - committed.getAsLong()))
                    : OptionalLong.empty();
        }
    }

    public PipelineStatus {
        partitions = List.copyOf(partitions);
    }
}
