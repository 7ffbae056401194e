package io.firn.deploy.maintain;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.CommitTurns;
import io.firn.catalog.location.CatalogTables;
import io.firn.catalog.location.DeletionGuard;
import io.firn.catalog.location.RegisteredTables;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.catalog.upsert.SetMember;
import io.firn.catalog.upsert.UpsertSet;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.Budget;
import io.firn.compaction.Job;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobProgress;
import io.firn.compaction.expire.ExpireJob;
import io.firn.compaction.expire.ExpireSettings;
import io.firn.compaction.expire.StagingRetention;
import io.firn.compaction.manifest.ManifestJob;
import io.firn.compaction.manifest.ManifestSettings;
import io.firn.compaction.merge.MergeJob;
import io.firn.compaction.merge.MergeSettings;
import io.firn.compaction.orphan.OrphanJob;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.compaction.plan.DebtReader;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.TableDebt;
import io.firn.compaction.rewrite.RewriteJob;
import io.firn.compaction.rewrite.RewriteSettings;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.config.MaintenanceConfig;
import io.firn.deploy.config.MergeConfig;
import io.firn.deploy.config.UpsertConfig;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;

/** Builds the jobs of configured tables, each with handles of its own. */
public final class JobFactory {
    private final Catalog catalog;
    private final Clock clock;
    private final Supplier<? extends RandomGenerator> randoms;
    private final CommitTurns turns;
    private final RegisteredTables registered;
    private final Optional<String> warehouse;
    private final Map<String, DeletionGuard> guards = new ConcurrentHashMap<>();
    private final TableFigures figures = new TableFigures();

    /**
     * @param randoms a new source of randomness for each who needs one
     * @param turns of this process, ingestion's included
     * @param warehouse of the catalog, if it is known
     */
    public JobFactory(
            Catalog catalog,
            Clock clock,
            Supplier<? extends RandomGenerator> randoms,
            CommitTurns turns,
            Optional<String> warehouse) {
        this.registered = new CatalogTables(catalog, clock);
        this.warehouse = warehouse;
        this.turns = turns;
        this.catalog = catalog;
        this.clock = clock;
        this.randoms = randoms;
    }

    /** What was seen of the tables by those who asked here. */
    public TableFigures figures() {
        return figures;
    }

    /**
     * A run of a job.
     *
     * @param scratch an existing folder of this run alone
     * @param effect of a job that removes orphans
     * @throws FirnException {@code job-invalid} where the table has no such job, or what opening the table throws
     */
    public Job job(
            JobKind kind,
            MaintainedTable table,
            Budget budget,
            OrphanSettings.Effect effect,
            JobProgress progress,
            Path scratch) {
        MaintenanceConfig ages = table.config().maintenance();
        OrphanSettings orphans =
                OrphanSettings.DEFAULTS.withSafetyAge(ages.orphansKeep()).with(effect);
        return switch (kind) {
            case MERGE -> merge(table, budget, List.of(), progress, scratch);
            case STAGING -> staging(table, budget, progress, scratch);
            case REWRITE ->
                new RewriteJob(context(table, progress, scratch), rewrite(table).withBudget(budget));
            case MANIFESTS -> {
                JobContext context = context(table, progress, scratch);
                yield new ManifestJob(
                        context, ManifestSettings.of(context.table().properties()));
            }
            case EXPIRE -> new ExpireJob(context(table, progress, scratch), expire(table), guard(table));
            case ORPHANS -> new OrphanJob(context(table, progress, scratch), orphans, guard(table));
            case METADATA ->
                new OrphanJob(
                        context(table, progress, scratch), orphans.with(OrphanSettings.Scope.METADATA), guard(table));
        };
    }

    private DeletionGuard guard(MaintainedTable table) {
        return guards.computeIfAbsent(
                table.name(),
                name -> new DeletionGuard(
                        name,
                        registered,
                        warehouse,
                        table.config().maintenance().locations(),
                        clock));
    }

    /** What the table needs; of a keyed one with how far it is behind. */
    public TableDebt debt(MaintainedTable table) {
        Table opened = open(table, table.name());
        TableDebt debt = new DebtReader(rewrite(table), ManifestSettings.of(opened.properties()), expire(table))
                .of(opened, clock.instant());
        figures.saw(table.name(), debt, clock.instant());
        return table.role() == MaintainedTable.Role.KEYED ? debt.with(lag(table)) : debt;
    }

    /** How far a keyed table is behind its staging table. */
    public TableDebt.StagingLag lag(MaintainedTable keyed) {
        return lookAtMerge(keyed).lag();
    }

    /**
     * A look at a keyed table.
     *
     * @param lag how far it is behind its staging table
     * @param head its current snapshot; empty if it has none
     */
    record MergeLook(TableDebt.StagingLag lag, Optional<Long> head) {}

    MergeLook lookAtMerge(MaintainedTable keyed) {
        UpsertSet set = intactSet(keyed);
        Table table = set.table(SetMember.KEYED).orElseThrow(() -> missing(keyed.name()));
        TableDebt.StagingLag lag = DebtReader.lag(
                set.table(SetMember.STAGING)
                        .orElseThrow(() -> missing(keyed.config().ingestTable())),
                table);
        figures.saw(keyed.name(), lag, clock.instant());
        return new MergeLook(lag, Optional.ofNullable(table.currentSnapshot()).map(Snapshot::snapshotId));
    }

    /**
     * A run of the merge.
     *
     * @param accepted spans that staging lacks and that it goes on without
     * @param scratch an existing directory of this run alone
     */
    public Job merge(
            MaintainedTable table, Budget budget, List<AcceptedSpan> accepted, JobProgress progress, Path scratch) {
        UpsertParts parts = parts(table, MaintainedTable.Role.KEYED, JobKind.MERGE);
        // Opening them as a start does would create one that is gone, and what is empty would pass for complete.
        intactSet(table);
        table.config().tables().forEach(name -> open(table, name));
        MergeConfig merge = table.config().upsert().map(UpsertConfig::merge).orElseThrow();
        UpsertTables tables = parts.open(new Tables(catalog, table.config().classes()));
        Optional<String> rebuilding = tables.rebuilding();
        if (rebuilding.isPresent()) {
            return new HeldMerge(rebuilding.get());
        }
        List<AcceptedSpan> all = new ArrayList<>(accepted);
        all.addAll(tables.accepted());
        MergeSettings settings = MergeSettings.defaults(scratch)
                .withMemoryBytes(merge.memoryBytes())
                .withTargetFileBytes(table.config().commit().targetFileBytes())
                .withAccepted(all)
                .withBudget(budget.withRows(Math.min(budget.rows(), merge.rows())));
        MergeSettings marked = parts.deleteWhen().map(settings::withDeleteWhen).orElse(settings);
        return new MergeJob(tables, table.pipeline(), marked, clock, randoms.get(), progress);
    }

    private Job staging(MaintainedTable table, Budget budget, JobProgress progress, Path scratch) {
        parts(table, MaintainedTable.Role.STAGING, JobKind.STAGING);
        // By the ledger of another table than the set's own, rows would go that are not merged.
        intactSet(table);
        return new StagingRetention(
                context(table, progress, scratch),
                open(table, table.config().table()),
                table.config().maintenance().stagingKeep(),
                budget);
    }

    /** Returns the tables of an upsert pipeline, whichever of them is asked for; refused if they are no set. */
    private UpsertSet intactSet(MaintainedTable table) {
        UpsertSet set = UpsertSet.read(
                new Tables(catalog, table.config().classes()), table.config().table());
        set.refusal().ifPresent(refusal -> {
            throw refusal;
        });
        return set;
    }

    private UpsertParts parts(MaintainedTable table, MaintainedTable.Role role, JobKind kind) {
        if (table.role() != role) {
            throw FirnException.user(
                    "job-invalid",
                    "this table has no " + kind.jobName() + " job",
                    "table " + table.name(),
                    kind == JobKind.MERGE
                            ? "name the keyed table of a pipeline with 'mode: upsert'"
                            : "name the staging table of a pipeline with 'mode: upsert'");
        }
        return UpsertParts.of(table.config(), new Tables(catalog, table.config().classes()))
                .orElseThrow();
    }

    private JobContext context(MaintainedTable table, JobProgress progress, Path scratch) {
        Table opened = open(table, table.name());
        return new JobContext(opened, clock, randoms.get(), progress, scratch, turns.of(opened.name()));
    }

    private static RewriteSettings rewrite(MaintainedTable table) {
        return RewriteSettings.target(table.config().commit().targetFileBytes());
    }

    private static ExpireSettings expire(MaintainedTable table) {
        return new ExpireSettings(
                table.config().maintenance().snapshotsKeep(),
                ExpireSettings.DEFAULTS.keepLast(),
                table.config().maintenance().snapshotsMax(),
                ExpireSettings.DEFAULTS.perCommit());
    }

    private Table open(MaintainedTable table, String name) {
        return new Tables(catalog, table.config().classes()).open(name).orElseThrow(() -> missing(name));
    }

    private static FirnException missing(String name) {
        return FirnException.user(
                "table-missing",
                "the table does not exist",
                "table " + name,
                "restore it, or start its pipeline, which creates it");
    }
}
