package io.firn.deploy.maintain;

import io.firn.compaction.Job;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.Work;
import java.util.List;
import java.util.TreeMap;

/** A merge that has to wait: it ends at once, and is tried again like one that yielded. */
final class HeldMerge implements Job {
    private final String reason;

    HeldMerge(String reason) {
        this.reason = reason;
    }

    @Override
    public String name() {
        return "merge";
    }

    @Override
    public JobTurn turn() {
        return new JobTurn.Ended(stop());
    }

    @Override
    public JobResult stop() {
        return new JobResult(name(), End.YIELDED, Work.NONE, Work.NONE, List.of(), new TreeMap<>(), reason);
    }
}
