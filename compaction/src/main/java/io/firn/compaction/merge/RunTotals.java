package io.firn.compaction.merge;

import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** What the commits of one run came to. */
final class RunTotals {
    private final List<Long> snapshots = new ArrayList<>();
    private final TreeMap<String, Long> counts = new TreeMap<>();
    private Work before = Work.NONE;
    private Work after = Work.NONE;

    int commits() {
        return snapshots.size();
    }

    void add(MergePass pass, long snapshot) {
        snapshots.add(snapshot);
        pass.counts.byName().forEach((name, count) -> counts.merge(name, count, Long::sum));
        counts.merge("spilled", pass.spilled(), Long::sum);
        counts.merge("rewritten-files", (long) pass.output().dropped().size(), Long::sum);
        before = before.plus(new Work(pass.plan.files().size(), pass.plan.bytes(), pass.plan.rows()));
        after = after.plus(pass.output().written());
    }

    void conflict() {
        counts.merge("conflicts", 1L, Long::sum);
    }

    void fenced() {
        counts.merge("fenced", 1L, Long::sum);
    }

    JobResult result(End end, String reason) {
        return new JobResult("merge", end, before, after, snapshots, counts, reason);
    }
}
