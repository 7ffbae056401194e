package io.firn.compaction.manifest;

import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.JobCommitter;
import io.firn.catalog.commit.JobOutcome;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.compaction.Figures;
import io.firn.compaction.Foreign;
import io.firn.compaction.Job;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.ProgressMeter;
import io.firn.compaction.Work;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites small manifests into few. Changes no file and no row, so it conflicts with nobody but over the swap of the
 * metadata itself; what is rewritten is read again in each attempt, and fewer at a time where attempts fail.
 */
public final class ManifestJob implements Job {
    public static final String NAME = "manifests";

    private static final int MOST_ATTEMPTS = 8;

    private final JobContext context;
    private final ManifestSettings settings;
    private final JobCommitter committer;
    private final ProgressMeter meter;
    private final Figures figures = new Figures(NAME);
    private @Nullable JobCommit pending;
    private @Nullable JobResult result;
    private Work before = Work.NONE;
    private int refusals;

    public ManifestJob(JobContext context, ManifestSettings settings) {
        this.context = context;
        this.settings = settings;
        this.committer = new JobCommitter(context.table(), context.random());
        this.meter = new ProgressMeter(NAME, context.clock(), context.progress());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public JobTurn turn() {
        if (result != null) {
            return new JobTurn.Ended(result);
        }
        return pending == null ? plan() : commit(pending);
    }

    @Override
    public JobResult stop() {
        if (result == null) {
            result = figures.result(End.STOPPED, "stopped");
        }
        return result;
    }

    private JobTurn plan() {
        meter.begin("plan", Work.NONE);
        Optional<JobCommit> commit = Foreign.call("the manifests can not be read", context.where(), this::commitOnHead);
        if (commit.isEmpty()) {
            boolean none = figures.before().isNone();
            return end(none ? End.NOTHING : End.DONE, none ? "there are not many small manifests" : "");
        }
        pending = commit.get();
        return JobTurn.AT_ONCE;
    }

    private Optional<JobCommit> commitOnHead() throws IOException {
        Table table = context.table();
        table.refresh();
        Snapshot head = table.currentSnapshot();
        if (head == null) {
            return Optional.empty();
        }
        ManifestSettings bounds = settings.afterRefusals(refusals);
        List<ManifestFile> all = head.allManifests(table.io());
        Set<String> chosen = ManifestPlan.chosen(all, bounds);
        List<ManifestFile> manifests =
                all.stream().filter(each -> chosen.contains(each.path())).toList();
        int parts = ManifestPlan.parts(manifests, bounds);
        if (chosen.isEmpty() || parts >= manifests.size()) {
            return Optional.empty();
        }
        PartitionRanges ranges =
                parts == 1 ? PartitionRanges.one() : PartitionRanges.of(manifests, parts, table.io(), table.specs());
        before = work(manifests);
        meter.begin("rewrite", before);
        return Optional.of(JobCommit.carrying(
                context.newId(),
                Operation.REWRITE,
                new TreeMap<>(),
                transaction -> transaction
                        .rewriteManifests()
                        .clusterBy(ranges::of)
                        .rewriteIf(manifest -> chosen.contains(manifest.path())),
                List.of()));
    }

    private JobTurn commit(JobCommit commit) {
        return committer.attempt(commit).fold(new JobOutcome.Cases<>() {
            @Override
            public JobTurn committed(JobOutcome.Committed outcome) {
                pending = null;
                figures.snapshot(outcome.snapshotId());
                Work made = made(outcome.snapshotId());
                figures.replaced(before, made);
                return made.files() < before.files() ? JobTurn.AT_ONCE : end(End.DONE, "");
            }

            @Override
            public JobTurn fenced(JobOutcome.Fenced outcome) {
                return refused(JobTurn.AT_ONCE);
            }

            @Override
            public JobTurn invalid(JobOutcome.Invalid outcome) {
                return refused(JobTurn.AT_ONCE);
            }

            @Override
            public JobTurn undecided(JobOutcome.Undecided outcome) {
                figures.count("attempts-repeated", 1);
                return new JobTurn.Again(outcome.delayMillis(), outcome.reason());
            }
        });
    }

    private JobTurn refused(JobTurn next) {
        pending = null;
        refusals++;
        figures.count("refused", 1);
        return refusals < MOST_ATTEMPTS
                ? next
                : end(End.YIELDED, "others changed the manifests " + refusals + " times in a row");
    }

    private Work made(long snapshotId) {
        Table table = context.table();
        return Foreign.call("the manifests can not be read", context.where(), () -> {
            table.refresh();
            Snapshot snapshot = table.snapshot(snapshotId);
            return snapshot == null
                    ? Work.NONE
                    : work(snapshot.allManifests(table.io()).stream()
                            .filter(each -> each.content() == ManifestContent.DATA)
                            .filter(each -> each.snapshotId() != null && each.snapshotId() == snapshotId)
                            .toList());
        });
    }

    private JobTurn end(End end, String reason) {
        meter.end();
        JobResult ended = figures.result(end, reason);
        result = ended;
        return new JobTurn.Ended(ended);
    }

    private static Work work(List<ManifestFile> manifests) {
        return new Work(
                manifests.size(),
                manifests.stream().mapToLong(ManifestFile::length).sum(),
                0);
    }
}
