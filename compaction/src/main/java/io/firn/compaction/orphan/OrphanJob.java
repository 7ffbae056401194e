package io.firn.compaction.orphan;

import io.firn.catalog.FirnException;
import io.firn.catalog.HalfUploads;
import io.firn.catalog.location.DeletionGuard;
import io.firn.catalog.location.OwnFiles;
import io.firn.compaction.Figures;
import io.firn.compaction.Foreign;
import io.firn.compaction.Job;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.ProgressMeter;
import io.firn.compaction.Work;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.apache.iceberg.util.PropertyUtil;
import org.jspecify.annotations.Nullable;

/**
 * Removes orphans, and what is left in S3 of uploads that died half-way. Commits nothing, so it can be killed and run
 * again at any time.
 *
 * <p>What was found is compared once more with the references of the table as it is right before the removal; and only
 * files older than {@link SafeCutoff} are looked at, so nothing goes that a writer will still commit.
 */
public final class OrphanJob implements Job {
    public static final String NAME = "orphans";
    /** The job over metadata folders alone. */
    public static final String METADATA_NAME = "metadata";

    /** What S3 takes in one request. */
    private static final int BATCH = 1_000;

    private final JobContext context;
    private final OrphanSettings settings;
    private final DeletionGuard guard;
    private final ProgressMeter meter;
    private final Figures figures;
    private final Instant started;
    private final TreeMap<String, Long> orphans = new TreeMap<>();
    private DeletionGuard.@Nullable Examination examination;
    private @Nullable OwnFiles own;
    private boolean searched;
    private long halfUploads;
    private @Nullable JobResult result;

    /** @param guard of the table; nothing is removed that it does not prove to be the table's */
    public OrphanJob(JobContext context, OrphanSettings settings, DeletionGuard guard) {
        this.context = context;
        this.settings = settings;
        this.guard = guard;
        this.meter = new ProgressMeter(name(), context.clock(), context.progress());
        this.figures = new Figures(name());
        this.started = context.clock().instant();
    }

    @Override
    public String name() {
        return settings.scope() == OrphanSettings.Scope.METADATA ? METADATA_NAME : NAME;
    }

    /** What was found and not removed yet, by location, with sizes. */
    public SortedMap<String, Long> orphans() {
        return Collections.unmodifiableSortedMap(orphans);
    }

    @Override
    public JobTurn turn() {
        if (result != null) {
            return new JobTurn.Ended(result);
        }
        if (!searched) {
            return search();
        }
        if (settings.effect() == OrphanSettings.Effect.LIST) {
            Work found = new Work(orphans.size(), bytes(orphans), 0);
            figures.count("orphans", orphans.size());
            figures.count("orphan-bytes", found.bytes());
            return end(
                    orphans.isEmpty() && halfUploads == 0 ? End.NOTHING : End.DONE, "listed only, nothing was removed");
        }
        if (orphans.isEmpty()) {
            boolean none = figures.before().isNone() && halfUploads == 0;
            return end(none ? End.NOTHING : End.DONE, none ? "there is no orphan of that age" : "");
        }
        Instant now = context.clock().instant();
        if (!settings.budget().allows(figures.before(), new Work(1, 0, 0), started, now)) {
            return end(End.BUDGET, "the budget is used up; more is to do");
        }
        return remove();
    }

    @Override
    public JobResult stop() {
        if (result == null) {
            result = figures.result(End.STOPPED, "stopped");
        }
        return result;
    }

    private JobTurn search() {
        FileIO io = context.table().io();
        if (!(io instanceof SupportsPrefixOperations)) {
            return end(End.NOTHING, "the store (" + io.getClass().getSimpleName() + ") can not list folders");
        }
        TableMetadata table = refresh();
        if (!PropertyUtil.propertyAsBoolean(table.properties(), TableProperties.GC_ENABLED, true)) {
            return end(End.NOTHING, "the table says gc.enabled=false: its files may belong to other tables too");
        }
        Optional<Instant> cutoff =
                SafeCutoff.of(table, settings.safetyAge(), context.clock().instant());
        if (cutoff.isEmpty()) {
            return end(End.NOTHING, "the table has no snapshot that was there for a while");
        }
        OwnFiles proved = own;
        if (proved == null) {
            proved = examine().orElse(null);
            own = proved;
        }
        if (proved == null) {
            return JobTurn.AT_ONCE;
        }
        OwnFiles files = proved;
        files.requireSame(table);
        meter.begin("list", Work.NONE);
        List<String> folders = folders(table);
        orphans.putAll(Foreign.call("the table's folders can not be listed", context.where(), () -> new OrphanScan(
                        (SupportsPrefixOperations) io, settings, files, meter)
                .find(table, folders, cutoff.get())));
        dropForeign(files);
        halfUploads = abortUploads(io, folders, cutoff.get());
        meter.end();
        searched = true;
        meter.begin("remove", new Work(orphans.size(), bytes(orphans), 0));
        return JobTurn.AT_ONCE;
    }

    private Optional<OwnFiles> examine() {
        DeletionGuard.Examination current = examination;
        if (current == null) {
            DeletionGuard.Memory memory = settings.effect() == OrphanSettings.Effect.LIST
                    ? DeletionGuard.Memory.READ
                    : DeletionGuard.Memory.WRITE;
            current = guard.examine(context.table(), memory, context.random());
            examination = current;
        }
        return Foreign.call("it cannot be proved which files are the table's", context.where(), current::step);
    }

    /** What a link leads to, and what is of another table's kind, is not looked at again. */
    private void dropForeign(OwnFiles proved) {
        int found = orphans.size();
        orphans.keySet().removeIf(location -> !proved.covers(location));
        figures.count("left-outside", (long) found - orphans.size());
    }

    /** The store may allow less than this asks for: orphans go all the same. */
    private long abortUploads(FileIO io, List<String> folders, Instant before) {
        HalfUploads.Effect effect =
                settings.effect() == OrphanSettings.Effect.LIST ? HalfUploads.Effect.COUNT : HalfUploads.Effect.ABORT;
        long found = 0;
        try {
            for (String folder : folders) {
                found += Foreign.call(
                                "uploads that died can not be listed or aborted",
                                folder,
                                () -> HalfUploads.find(io, folder, before, effect))
                        .orElse(0);
            }
        } catch (FirnException refused) {
            figures.count("half-uploads-unseen", 1);
        }
        if (found > 0) {
            figures.count("half-uploads", found);
        }
        return found;
    }

    private TableMetadata refresh() {
        return Foreign.call("the table can not be read", context.where(), () -> {
            context.table().refresh();
            return ((HasTableOperations) context.table()).operations().current();
        });
    }

    /** Folders of this table alone; one that is configured elsewhere may be shared with others. */
    private List<String> folders(TableMetadata table) {
        Map<String, String> properties = table.properties();
        List<String> wanted = new ArrayList<>();
        wanted.add(properties.getOrDefault(TableProperties.WRITE_METADATA_LOCATION, table.location() + "/metadata"));
        if (settings.scope() == OrphanSettings.Scope.ALL) {
            wanted.add(properties.getOrDefault(TableProperties.WRITE_DATA_LOCATION, table.location() + "/data"));
        }
        List<String> folders = new ArrayList<>(settings.extraFolders());
        for (String folder : wanted) {
            if (Locations.within(folder, table.location())
                    && !Locations.path(folder).equals(Locations.path(table.location()))) {
                folders.add(folder);
            } else {
                figures.count("folders-left-out", 1);
            }
        }
        return folders;
    }

    private JobTurn remove() {
        TreeMap<String, Long> batch = new TreeMap<>();
        for (Map.Entry<String, Long> each : orphans.entrySet()) {
            if (batch.size() == BATCH) {
                break;
            }
            batch.put(each.getKey(), each.getValue());
        }
        batch.keySet().forEach(orphans::remove);
        OwnFiles proved = Objects.requireNonNull(own);
        keepReferenced(batch, proved);
        FileIO io = context.table().io();
        OwnFiles.Deletion deletion =
                Foreign.call("orphans can not be removed", context.where(), () -> proved.delete(io, batch.keySet()));
        batch.keySet().retainAll(deletion.deleted());
        figures.replaced(new Work(batch.size(), bytes(batch), 0), Work.NONE);
        figures.count("orphans", batch.size());
        figures.count("orphan-bytes", bytes(batch));
        figures.count("failed", deletion.failed());
        figures.count("left-outside", deletion.left());
        meter.add(new Work(batch.size(), bytes(batch), 0));
        return JobTurn.AT_ONCE;
    }

    /** The table may have come to reference what was found. */
    private void keepReferenced(TreeMap<String, Long> batch, OwnFiles proved) {
        Map<String, String> byPath = new HashMap<>();
        batch.keySet().forEach(location -> byPath.put(Locations.path(location), location));
        Foreign.run("the table can not be read", context.where(), () -> {
            context.table().refresh();
            TableMetadata table =
                    ((HasTableOperations) context.table()).operations().current();
            proved.requireSame(table);
            References.visit(table, context.table().io(), location -> {
                String found = byPath.get(Locations.path(location));
                if (found != null) {
                    batch.remove(found);
                }
            });
        });
    }

    private JobTurn end(End end, String reason) {
        meter.end();
        JobResult ended = figures.result(end, reason);
        result = ended;
        return new JobTurn.Ended(ended);
    }

    private static long bytes(SortedMap<String, Long> files) {
        return files.values().stream().mapToLong(Long::longValue).sum();
    }
}
