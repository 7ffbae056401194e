package io.firn.ingest;

import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import java.time.Clock;
import java.util.concurrent.atomic.LongAdder;

/** Counts what attempts at commits take and how many decide nothing. Attempts by one thread, figures for any. */
final class MeteredAttempts implements CommitAttempts {
    private final CommitAttempts commits;
    private final Clock clock;
    private final LongAdder millis = new LongAdder();
    private final LongAdder undecided = new LongAdder();

    MeteredAttempts(CommitAttempts commits, Clock clock) {
        this.commits = commits;
        this.clock = clock;
    }

    @Override
    public CommitOutcome attempt(TableCommit commit) {
        long begun = clock.millis();
        try {
            CommitOutcome outcome = commits.attempt(commit);
            if (outcome instanceof CommitOutcome.Undecided) {
                undecided.increment();
            }
            return outcome;
        } finally {
            millis.add(clock.millis() - begun);
        }
    }

    @Override
    public long waitedMillis() {
        return commits.waitedMillis();
    }

    @Override
    public Ledger refreshedLedger() {
        return commits.refreshedLedger();
    }

    long millis() {
        return millis.sum();
    }

    long undecided() {
        return undecided.sum();
    }
}
