package io.firn.compaction.sim;

import io.firn.catalog.FirnException;
import io.firn.compaction.Job;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobTurn;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** A job, driven as maintenance drives it. */
final class SimJob extends SimProcess {
    private final Job job;
    private final Consumer<String> happened;
    private final Watch watch;

    /** Listens to a merge: what it has looked at counts until it plans on a new ledger. */
    static final class Watch implements JobProgress {
        private final Set<String> deleted = new TreeSet<>();
        private final Runnable lacking;
        private boolean hasLooked;

        /** @param lacking what happens when the merge does not find what it is to merge */
        Watch(Runnable lacking) {
            this.lacking = lacking;
        }

        @Override
        public void report(Report report) {
            if (report.phase().equals("plan")) {
                hasLooked = false;
                deleted.clear();
            } else if (report.phase().equals("write") || report.phase().equals("commit")) {
                hasLooked = true;
            }
        }
    }

    SimJob(Job job, Lifeline life, long began, Watch watch, Consumer<String> happened) {
        super(job.name(), life, began);
        this.job = job;
        this.watch = watch;
        this.happened = happened;
    }

    @Override
    void rowsAreDeleted(Set<String> keys) {
        super.rowsAreDeleted(keys);
        if (watch.hasLooked) {
            watch.deleted.addAll(keys);
        }
    }

    @Override
    Set<String> deletedAfterItLooked() {
        return watch.deleted;
    }

    @Override
    void rolledBack() {
        watch.deleted.clear();
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
            if (failed.code().equals("staged-rows-missing") || failed.code().equals("known-deletes-missing")) {
                watch.lacking.run();
            }
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
