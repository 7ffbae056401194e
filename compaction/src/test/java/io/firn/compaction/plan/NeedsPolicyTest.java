package io.firn.compaction.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.compaction.JobResult.End;
import io.firn.compaction.Work;
import io.firn.compaction.plan.NeedsPolicy.Need;
import io.firn.compaction.plan.TableDebt.StagingLag;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NeedsPolicyTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final TableDebt CLEAN =
            new TableDebt(new Work(10, 1_000, 1_000), Work.NONE, 0, 0, 0, 3, 3, 5, 0, StagingLag.NONE);

    private final NeedsPolicy policy = NeedsPolicy.DEFAULTS;
    private final RunHistory recent = ranAll(NOW);

    @Test
    void aTableWithoutDebtNeedsNothing() {
        assertThat(policy.next(CLEAN, recent, NOW)).isEmpty();
    }

    @Test
    void aMergeComesFirst() {
        TableDebt debt = new TableDebt(CLEAN.files(), new Work(50, 10, 10), 0, 0, 0, 90, 90, 200, 200, StagingLag.NONE);
        assertThat(kind(debt)).contains(JobKind.REWRITE);
        assertThat(kind(debt.with(new StagingLag(2_000_000, 0, 1, Duration.ZERO))))
                .contains(JobKind.MERGE);
    }

    @Test
    void aFewStagedRowsWaitForAMinute() {
        assertThat(kind(CLEAN.with(new StagingLag(10, 0, 1, Duration.ofSeconds(20)))))
                .isEmpty();
        assertThat(kind(CLEAN.with(new StagingLag(10, 0, 1, Duration.ofSeconds(61)))))
                .contains(JobKind.MERGE);
    }

    @Test
    void manyDeletesMakeARewriteDueButOnlyWhereThereIsSomethingToRewrite() {
        TableDebt deleted = new TableDebt(CLEAN.files(), Work.NONE, 300, 0, 200, 3, 3, 5, 0, StagingLag.NONE);
        assertThat(kind(deleted)).isEmpty();
        TableDebt rewritable =
                new TableDebt(CLEAN.files(), new Work(1, 10, 10), 300, 0, 2, 3, 3, 5, 0, StagingLag.NONE);
        assertThat(kind(rewritable)).contains(JobKind.REWRITE);
    }

    @Test
    void whatHadToYieldComesLaterAndLaterAndLetsOthersGoFirst() {
        TableDebt debt = new TableDebt(CLEAN.files(), new Work(50, 10, 10), 0, 0, 0, 90, 90, 5, 0, StagingLag.NONE);
        RunHistory once = recent.after(JobKind.REWRITE, End.YIELDED, NOW, new Random(1));
        assertThat(policy.next(debt, once, NOW).map(Need::kind)).contains(JobKind.MANIFESTS);
        assertThat(once.notBefore(JobKind.REWRITE)).isBetween(NOW.plusSeconds(15), NOW.plusSeconds(30));

        RunHistory twice = once.after(JobKind.REWRITE, End.YIELDED, NOW, new Random(1));
        assertThat(twice.notBefore(JobKind.REWRITE)).isBetween(NOW.plusSeconds(30), NOW.plusSeconds(60));
        assertThat(twice.yielded(JobKind.REWRITE)).isEqualTo(2);
        assertThat(twice.after(JobKind.REWRITE, End.DONE, NOW, new Random(1)).notBefore(JobKind.REWRITE))
                .isEqualTo(NOW);
    }

    @Test
    void aNeedThatNeverEndsDoesNotKeepOtherKindsFromTheirTurn() {
        TableDebt debt = new TableDebt(CLEAN.files(), new Work(50, 10, 10), 0, 0, 0, 90, 90, 200, 200, StagingLag.NONE);
        RunHistory history = recent;
        List<JobKind> ran = new ArrayList<>();
        for (int minute = 1; minute <= 4; minute++) {
            Instant now = NOW.plus(Duration.ofMinutes(minute));
            JobKind kind = policy.next(debt, history, now).orElseThrow().kind();
            ran.add(kind);
            history = history.after(kind, End.DONE, now, new Random(1));
        }
        assertThat(ran).containsExactly(JobKind.REWRITE, JobKind.MANIFESTS, JobKind.EXPIRE, JobKind.REWRITE);
    }

    @Test
    void jobsByScheduleRunOnceAnInterval() {
        RunHistory yesterday = ranAll(NOW.minus(Duration.ofHours(25)));
        assertThat(policy.next(CLEAN, yesterday, NOW).map(Need::kind)).contains(JobKind.STAGING);
        RunHistory after = yesterday
                .after(JobKind.STAGING, End.NOTHING, NOW, new Random(1))
                .after(JobKind.ORPHANS, End.DONE, NOW, new Random(1))
                .after(JobKind.METADATA, End.DONE, NOW, new Random(1));
        assertThat(policy.next(CLEAN, after, NOW)).isEmpty();
    }

    private Optional<JobKind> kind(TableDebt debt) {
        return policy.next(debt, recent, NOW).map(Need::kind);
    }

    private static RunHistory ranAll(Instant at) {
        RunHistory history = RunHistory.empty();
        for (JobKind kind : JobKind.values()) {
            history = history.after(kind, End.DONE, at, new Random(1));
        }
        return history;
    }
}
