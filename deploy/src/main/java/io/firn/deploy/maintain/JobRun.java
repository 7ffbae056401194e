package io.firn.deploy.maintain;

import io.firn.compaction.Job;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobTurn;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Runs one job to its end, in the caller's thread. */
public final class JobRun {
    private JobRun() {}

    /** Waits between two turns. */
    public interface Waiting {
        /** May return earlier. */
        void await(long millis, String reason) throws InterruptedException;
    }

    /** @param stopping asked between two turns; where it says so, the job ends early and tells what it did */
    public static JobResult toItsEnd(Job job, BooleanSupplier stopping, Waiting waiting) throws InterruptedException {
        boolean ended = false;
        try {
            while (!stopping.getAsBoolean()) {
                JobTurn turn = job.turn();
                Optional<JobResult> result = turn.fold(again -> Optional.empty(), last -> Optional.of(last.result()));
                if (result.isPresent()) {
                    ended = true;
                    return result.get();
                }
                long delay = turn.fold(JobTurn.Again::delayMillis, last -> 0L);
                if (delay > 0) {
                    waiting.await(delay, turn.fold(JobTurn.Again::reason, last -> ""));
                }
            }
            ended = true;
            return job.stop();
        } finally {
            if (!ended) {
                job.stop();
            }
        }
    }
}
