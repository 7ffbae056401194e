package io.firn.compaction.manifest;

import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.compaction.CommittingJob;
import io.firn.compaction.Foreign;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
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

/**
 * Rewrites small manifests into few. Changes no file and no row, so it conflicts with nobody but over the swap of the
 * metadata itself; what is rewritten is read again in each attempt, and fewer at a time where attempts fail.
 */
public final class ManifestJob extends CommittingJob {
    public static final String NAME = "manifests";

    private static final int MOST_ATTEMPTS = 8;

    private final ManifestSettings settings;
    private Work before = Work.NONE;
    private int refusals;

    public ManifestJob(JobContext context, ManifestSettings settings) {
        super(NAME, context);
        this.settings = settings;
    }

    @Override
    protected JobTurn plan() {
        meter().begin("plan", Work.NONE);
        Optional<JobCommit> commit =
                Foreign.call("the manifests can not be read", context().where(), this::commitOnHead);
        if (commit.isEmpty()) {
            boolean none = figures().before().isNone();
            return end(none ? End.NOTHING : End.DONE, none ? "there are not many small manifests" : "");
        }
        return propose(commit.get());
    }

    private Optional<JobCommit> commitOnHead() throws IOException {
        Table table = context().table();
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
        meter().begin("rewrite", before);
        return Optional.of(JobCommit.carrying(
                context().newId(),
                Operation.REWRITE,
                new TreeMap<>(),
                transaction -> transaction
                        .rewriteManifests()
                        .clusterBy(ranges::of)
                        .rewriteIf(manifest -> chosen.contains(manifest.path())),
                List.of()));
    }

    @Override
    protected JobTurn committed(long snapshotId) {
        Work made = made(snapshotId);
        figures().replaced(before, made);
        return made.files() < before.files() ? JobTurn.AT_ONCE : end(End.DONE, "");
    }

    @Override
    protected JobTurn refused() {
        refusals++;
        figures().count("refused", 1);
        return refusals < MOST_ATTEMPTS
                ? JobTurn.AT_ONCE
                : end(End.YIELDED, "others changed the manifests " + refusals + " times in a row");
    }

    private Work made(long snapshotId) {
        Table table = context().table();
        return Foreign.call("the manifests can not be read", context().where(), () -> {
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

    private static Work work(List<ManifestFile> manifests) {
        return new Work(
                manifests.size(),
                manifests.stream().mapToLong(ManifestFile::length).sum(),
                0);
    }
}
