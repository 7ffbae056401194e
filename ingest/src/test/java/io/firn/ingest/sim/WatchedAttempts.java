package io.firn.ingest.sim;

import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;

/** Attempts of one process, with what they answer held against the table: an outcome that is told must be true. */
final class WatchedAttempts implements CommitAttempts {
    private static final long WAKE_UP_MILLIS = 50;

    private final CommitAttempts attempts;
    private final SimTable table;
    private final Coverage coverage;
    private final Runnable landedUnknown;
    private final Set<UUID> unknown = new HashSet<>();
    private Runnable before = () -> {};
    private boolean stalled;

    /** @param landedUnknown runs when a commit has landed and the answer was lost */
    WatchedAttempts(CommitAttempts attempts, SimTable table, Coverage coverage, Runnable landedUnknown) {
        this.attempts = attempts;
        this.table = table;
        this.coverage = coverage;
        this.landedUnknown = landedUnknown;
    }

    /** The next attempt does this instead, and gets no further. */
    void stallNext(Runnable freeze) {
        before = freeze;
        stalled = true;
    }

    @Override
    public CommitOutcome attempt(TableCommit commit) {
        if (stalled) {
            stalled = false;
            coverage.count("a process freezes right before it sends a commit");
            before.run();
            return new CommitOutcome.Undecided(WAKE_UP_MILLIS, "frozen");
        }
        CommitOutcome outcome = attempts.attempt(commit);
        boolean landed = table.isInAncestry(commit.id());
        return outcome.fold(
                committed -> {
                    expect(landed, "told that it committed what the table does not hold");
                    coverage.count(
                            unknown.contains(commit.id())
                                    ? "a retry finds that its first try had landed, or repeats it"
                                    : "a commit takes effect");
                    return outcome;
                },
                fenced -> {
                    expect(!landed, "told that it was fenced, and the table holds the commit");
                    countFence(commit, fenced.ledger());
                    return outcome;
                },
                undecided -> {
                    if (landed && unknown.add(commit.id())) {
                        coverage.count("a commit lands and its answer is lost");
                        landedUnknown.run();
                    }
                    unknown.add(commit.id());
                    return outcome;
                });
    }

    private void countFence(TableCommit commit, Ledger ledger) {
        coverage.count(unknown.contains(commit.id()) ? "a commit of unknown outcome is fenced" : "a commit is fenced");
        boolean prefixThere = commit.steps().entrySet().stream().anyMatch(step -> {
            OptionalLong next = ledger.next(commit.pipeline(), step.getKey());
            return next.isPresent()
                    && step.getValue().range().start() < next.getAsLong()
                    && next.getAsLong() < step.getValue().range().end();
        });
        if (prefixThere) {
            coverage.count("a zombie wakes with a batch of which others committed a prefix");
        }
    }

    private static void expect(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    @Override
    public Ledger refreshedLedger() {
        return attempts.refreshedLedger();
    }
}
