package io.firn.ingest;

import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import io.firn.ingest.record.PipelineHealth;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.apache.iceberg.Table;

/** Counts what attempts at commits take and how many decide nothing. Attempts by one thread, figures for any. */
final class MeteredAttempts implements CommitAttempts {
    /** Longer than a commit to a slow catalog takes, short enough for an outage to show within 10 s. */
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    private final CommitAttempts commits;
    private final Clock clock;
    private final PipelineHealth health;
    private final LongAdder millis = new LongAdder();
    private final LongAdder undecided = new LongAdder();

    MeteredAttempts(CommitAttempts commits, Clock clock, PipelineHealth health) {
        this.commits = commits;
        this.clock = clock;
        this.health = health;
    }

    @Override
    public CommitOutcome attempt(TableCommit commit) {
        long begun = clock.millis();
        try (PipelineHealth.Call call = health.begin("commits", "committing to the table", PATIENCE)) {
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
        try (PipelineHealth.Call call = health.begin("commits", "reading the table's ledger", PATIENCE)) {
            return commits.refreshedLedger();
        }
    }

    @Override
    public Table latest() {
        return commits.latest();
    }

    long millis() {
        return millis.sum();
    }

    long undecided() {
        return undecided.sum();
    }
}
