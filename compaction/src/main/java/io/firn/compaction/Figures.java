package io.firn.compaction;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** Adds up what a run did, for its result. */
public final class Figures {
    private final String job;
    private final List<Long> snapshots = new ArrayList<>();
    private final TreeMap<String, Long> counts = new TreeMap<>();
    private Work before = Work.NONE;
    private Work after = Work.NONE;

    public Figures(String job) {
        this.job = job;
    }

    /** Something that took effect. */
    public void replaced(Work old, Work made) {
        before = before.plus(old);
        after = after.plus(made);
    }

    public void snapshot(long id) {
        snapshots.add(id);
    }

    public void count(String name, long more) {
        counts.merge(name, more, Long::sum);
    }

    /** What was taken so far. */
    public Work before() {
        return before;
    }

    public JobResult result(JobResult.End end, String reason) {
        return new JobResult(job, end, before, after, snapshots, counts, reason);
    }
}
