package io.firn.compaction;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one run of a job did.
 *
 * @param job name of the kind of job
 * @param end why it ended
 * @param before what was taken: files replaced, removed or read, their bytes and rows
 * @param after what stands in its place
 * @param snapshots those that the run added, in order; empty for jobs that add none
 * @param counts further figures by name, as {@code late} or {@code conflicts}; names are stable, lower case with
 *     hyphens
 * @param reason one sentence for a person: why nothing was to do, or why it ended early; may be empty
 */
public record JobResult(
        String job,
        End end,
        Work before,
        Work after,
        List<Long> snapshots,
        SortedMap<String, Long> counts,
        String reason) {
    /** Why a run ended. */
    public enum End {
        /** Everything that was to do is done. */
        DONE,
        /** There was nothing to do. */
        NOTHING,
        /** The budget is used up; more is to do. */
        BUDGET,
        /** Others changed the table faster than this job could; what it committed before stays. Try again later. */
        YIELDED,
        /** Somebody asked it to stop. */
        STOPPED
    }

    public JobResult {
        snapshots = List.copyOf(snapshots);
        counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
    }

    /** A run that found nothing to do. */
    public static JobResult nothing(String job, String reason) {
        return new JobResult(job, End.NOTHING, Work.NONE, Work.NONE, List.of(), new TreeMap<>(), reason);
    }

    /** A further figure, 0 where the run has none of that name. */
    public long count(String name) {
        return counts.getOrDefault(name, 0L);
    }
}
