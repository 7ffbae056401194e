package io.firn.compaction.sim;

import io.firn.catalog.FirnException;
import io.firn.compaction.Job;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobTurn;
import java.util.function.Consumer;

/** A job, driven as maintenance drives it. */
final class SimJob extends SimProcess {
    private final Job job;
    private final Consumer<String> happened;

    SimJob(Job job, Lifeline life, long began, Consumer<String> happened) {
        super(job.name(), life, began);
        this.job = job;
        this.happened = happened;
    }

    @Override
    boolean turn() {
        try {
            JobTurn turn = job.turn();
            if (turn instanceof JobTurn.Ended) {
                ended(((JobTurn.Ended) turn).result());
                return false;
            }
            return true;
        } catch (FirnException failed) {
            happened.accept(name + " fails: " + failed.code());
            stop();
            return false;
        } catch (RuntimeException failed) {
            if (!life.isDead()) {
                happened.accept(name + " fails: " + failed.getClass().getSimpleName());
                stop();
            }
            return false;
        }
    }

    private void ended(JobResult result) {
        happened.accept(name + " ends: " + result.end());
        result.counts().forEach((count, number) -> {
            if (number > 0) {
                happened.accept(name + " counts: " + count);
            }
        });
    }

    @Override
    void stop() {
        try {
            job.stop();
        } catch (RuntimeException failed) {
            happened.accept(name + " can not be stopped in good order");
        }
    }
}
