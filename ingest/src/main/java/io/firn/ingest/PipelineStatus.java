package io.firn.ingest;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.PipelineHealth.Trouble;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What one process knows of one pipeline at a moment.
 *
 * @param pipeline its name
 * @param state what it is doing
 * @param partitions those assigned to this process now, and others where somebody has measured them; ascending
 * @param commits commits of this process so far, heartbeats included
 * @param resets how often uncommitted work was dropped because the table had moved on
 * @param lastCommit when the last commit of this process became visible
 * @param lastSnapshotId the snapshot of that commit
 * @param bufferedBytes heap held by open files
 * @param figures further ones, for those who watch
 * @param failure why the pipeline failed; empty in any other state
 * @param troubles what does not work now
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
        Optional<Failure> failure,
        List<Trouble> troubles) {
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
     * Why a pipeline has failed.
     *
     * @param code stable name, as in the errors of commands
     * @param what what is wrong
     * @param where file, key, table, partition or offset; may be empty
     * @param action what to do; may be empty
     * @param kind who can do something about it
     * @param at when it failed
     */
    public record Failure(String code, String what, String where, String action, FirnException.Kind kind, Instant at) {
        /** Returns the failure that this exception describes. */
        public static Failure of(FirnException failure, Instant at) {
            return new Failure(failure.code(), failure.what(), failure.where(), failure.action(), failure.kind(), at);
        }

        /** Returns the three parts in one line. */
        public String text() {
            return what + (where.isEmpty() ? "" : " (" + where + ")") + (action.isEmpty() ? "" : "; " + action);
        }
    }

    /**
     * What it costs.
     *
     * @param commitMillis that attempts at commits have taken
     * @param undecided attempts after which it was not known whether the commit took effect, or that met a conflict
     * @param openFiles data files being written now
     */
    public record Figures(long commitMillis, long undecided, int openFiles) {}

    /** Where a partition's records are read. */
    public enum Place {
        /** A worker of this process holds the partition. */
        HERE,
        /** Another process holds it, or none. */
        ELSEWHERE
    }

    /**
     * How far a partition is, measured beside its ingestion.
     *
     * @param committed as in {@link PartitionStatus}
     * @param end as in {@link PartitionStatus}
     * @param until as in {@link PartitionStatus}
     * @param at when the older of ledger and end was read; empty while one is unknown
     * @param holder the member of the consumer group that holds the partition, empty text for none; empty if unknown
     */
    public record Measurement(
            OptionalLong committed,
            OptionalLong end,
            OptionalLong until,
            Optional<Instant> at,
            Optional<String> holder) {}

    /**
     * One partition.
     *
     * @param committed the next offset according to the table; empty until the ledger was read
     * @param end the end of the partition when Kafka was last asked
     * @param until the Kafka time up to which the table has everything, in milliseconds; empty until it is known
     * @param delivered records handed over by Kafka to this process, replays included
     * @param processed records decoded and written to a file, or counted as skipped
     * @param effective rows that this process made visible
     * @param place where it is read
     * @param measuredAt when the older of ledger and end was read; empty while one is unknown
     * @param holder as in {@link Measurement}
     */
    public record PartitionStatus(
            SourcePartition partition,
            OptionalLong committed,
            OptionalLong end,
            OptionalLong until,
            long delivered,
            long processed,
            long effective,
            Place place,
            Optional<Instant> measuredAt,
            Optional<String> holder) {
        /** A partition of this process, as ingestion itself knows it. */
        public PartitionStatus(
                SourcePartition partition,
                OptionalLong committed,
                OptionalLong end,
                OptionalLong until,
                long delivered,
                long processed,
                long effective) {
            this(
                    partition,
                    committed,
                    end,
                    until,
                    delivered,
                    processed,
                    effective,
                    Place.HERE,
                    Optional.empty(),
                    Optional.empty());
        }

        /** A partition that no worker of this process holds. */
        public static PartitionStatus elsewhere(SourcePartition partition, Measurement seen) {
            return new PartitionStatus(
                    partition,
                    seen.committed(),
                    seen.end(),
                    seen.until(),
                    0,
                    0,
                    0,
                    Place.ELSEWHERE,
                    seen.at(),
                    seen.holder());
        }

        /** Returns this with what was measured; ingestion may have committed more since the ledger was read. */
        public PartitionStatus measured(Measurement seen) {
            boolean isAhead = seen.committed().isPresent()
                    && committed.orElse(-1) > seen.committed().getAsLong();
            return new PartitionStatus(
                    partition,
                    isAhead ? committed : seen.committed(),
                    seen.end(),
                    isAhead ? until : seen.until(),
                    delivered,
                    processed,
                    effective,
                    place,
                    seen.at(),
                    seen.holder());
        }

        /** Records between the table and the end of the partition, where both are known. */
        public OptionalLong lag() {
            return committed.isPresent() && end.isPresent()
                    ? OptionalLong.of(Math.max(0, end.getAsLong() - committed.getAsLong()))
                    : OptionalLong.empty();
        }
    }

    public PipelineStatus {
        partitions = List.copyOf(partitions);
        troubles = List.copyOf(troubles);
    }

    /** Returns this with other partitions. */
    public PipelineStatus withPartitions(List<PartitionStatus> others) {
        return new PipelineStatus(
                pipeline,
                state,
                others,
                commits,
                resets,
                lastCommit,
                lastSnapshotId,
                bufferedBytes,
                figures,
                failure,
                troubles);
    }

    /** Returns in one line why the pipeline failed, or else what does not work now. */
    public Optional<String> trouble() {
        return failure.map(Failure::text).or(() -> troubles.stream()
                .map(trouble -> trouble.component() + ": " + trouble.reason())
                .reduce((all, next) -> all + "; " + next));
    }

    /** Whether the pipeline does its work: warnings do not count. */
    public boolean works() {
        return (state == State.RUNNING || state == State.PAUSED)
                && failure.isEmpty()
                && troubles.stream().noneMatch(trouble -> trouble.level() == PipelineHealth.Level.OUTAGE);
    }
}
