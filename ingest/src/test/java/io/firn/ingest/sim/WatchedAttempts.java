package io.firn.ingest.sim;

import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.apache.iceberg.Table;

/** Attempts of one process, with what they answer held against the table: an outcome that is told must be true. */
final class WatchedAttempts implements CommitAttempts {
    private static final long WAKE_UP_MILLIS = 50;

    private final CommitAttempts attempts;
    private final SimProcess.Stage stage;
    private final Lifeline lifeline;
    private final Runnable landedUnknown;
    private final Set<UUID> unknown = new HashSet<>();
    private final Set<UUID> overslept = new HashSet<>();
    private Runnable before = () -> {};
    private boolean stalled;

    /** @param landedUnknown runs when a commit has landed and the answer was lost */
    WatchedAttempts(CommitAttempts attempts, SimProcess.Stage stage, Lifeline lifeline, Runnable landedUnknown) {
        this.attempts = attempts;
        this.stage = stage;
        this.lifeline = lifeline;
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
            overslept.add(commit.id());
            count("a process freezes right before it sends a commit");
            before.run();
            return new CommitOutcome.Undecided(WAKE_UP_MILLIS, "frozen");
        }
        lifeline.pass(Lifeline.Step.COMMIT);
        stage.table().announceCommit(commit.id(), commit.files());
        CommitOutcome outcome = attempts.attempt(commit);
        lifeline.pass(Lifeline.Step.COMMIT_ANSWER);
        boolean landed = stage.table().isInAncestry(commit.id());
        return outcome.fold(
                committed -> {
                    expect(landed, "told that it committed what the table does not hold");
                    countCommit(commit);
                    return outcome;
                },
                fenced -> {
                    expect(!landed, "told that it was fenced, and the table holds the commit");
                    countFence(commit, fenced.ledger());
                    return outcome;
                },
                changed -> {
                    expect(!landed, "told that its files do not fit, and the table holds the commit");
                    count("a commit meets other columns and its records are read again");
                    return outcome;
                },
                undecided -> {
                    if (landed && unknown.add(commit.id())) {
                        count("a commit lands and its answer is lost");
                        landedUnknown.run();
                    }
                    unknown.add(commit.id());
                    return outcome;
                });
    }

    private void countCommit(TableCommit commit) {
        count(
                unknown.contains(commit.id())
                        ? "a retry finds that its first try had landed, or repeats it"
                        : "a commit takes effect");
        if (overslept.contains(commit.id())) {
            count("a process wakes up and its commit still fits");
        }
        if (commit.steps().values().stream().anyMatch(step -> !step.gaps().isEmpty())) {
            count("a gap is recorded");
        }
        if (commit.steps().values().stream().anyMatch(step -> !step.skipped().isEmpty())) {
            count("null values are counted");
        }
        if (commit.steps().values().stream()
                .anyMatch(step -> step.replacedTopicId().isPresent())) {
            count("the ledger goes over to a topic that was created again");
        }
    }

    private void countFence(TableCommit commit, Ledger ledger) {
        count(unknown.contains(commit.id()) ? "a commit of unknown outcome is fenced" : "a commit is fenced");
        boolean movedOn = commit.steps().entrySet().stream().anyMatch(step -> {
            OptionalLong next = ledger.next(commit.pipeline(), step.getKey());
            return next.isPresent() && step.getValue().range().start() < next.getAsLong();
        });
        if (movedOn && overslept.contains(commit.id())) {
            count("a zombie wakes after its partitions moved");
        }
        boolean prefixThere = commit.steps().entrySet().stream().anyMatch(step -> {
            OptionalLong next = ledger.next(commit.pipeline(), step.getKey());
            return next.isPresent()
                    && step.getValue().range().start() < next.getAsLong()
                    && next.getAsLong() < step.getValue().range().end();
        });
        if (prefixThere) {
            count("a batch is fenced of which another process committed a prefix");
        }
    }

    private void count(String what) {
        stage.coverage().count(what);
    }

    /** Not held against committers without a safeguard: a lie does no harm by itself, only what comes of it does. */
    private void expect(boolean holds, String otherwise) {
        if (!holds && stage.missingSafeguards().isEmpty()) {
            throw new AssertionError(otherwise);
        }
    }

    @Override
    public long waitedMillis() {
        return attempts.waitedMillis();
    }

    @Override
    public Table latest() {
        return attempts.latest();
    }

    @Override
    public Ledger refreshedLedger() {
        lifeline.pass(Lifeline.Step.READ_LEDGER);
        return attempts.refreshedLedger();
    }
}
