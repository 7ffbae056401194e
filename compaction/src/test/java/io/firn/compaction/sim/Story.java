package io.firn.compaction.sim;

import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.location.DeletionGuard;
import io.firn.catalog.location.RegisteredTables;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.catalog.upsert.UpsertLayout;
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
import io.firn.compaction.rewrite.RewriteJob;
import io.firn.compaction.rewrite.RewriteSettings;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expressions;

/**
 * One run: a seed decides what happens, and after every event the guarantee is checked. At the end the faults stop, and
 * then everything that the log holds has to be merged, and no file left that nobody references.
 */
final class Story {
    static final String SCHEMA = "region string, id string not null, event long, version long, op string";

    private static final int EVENTS = 24;
    private static final int MOST_TURNS_BETWEEN_EVENTS = 8;
    /** So many that what was begun mostly comes to its end: then there is a history to roll back. */
    private static final int TURNS_OF_A_QUIET_RUN = 40;

    private static final int TURNS_TO_FINISH = 300;
    private static final int PROCESSES = 4;
    private static final int LAST_TOLD = 150;
    static final List<String> TABLES = List.of(Model.KEYED, Model.STAGING, Model.DELETES);

    private final Random random;
    private final Path scratch;
    private final Coverage coverage;
    private final Optional<Safeguard> missing;
    private final SimTables tables;
    private final SimLog log;
    private final SimRows rows;
    private final Model model;
    private final Others others;
    private final Damage damage;
    private final Neighbours neighbours;
    /** The event before which another table appears in the location of one of Firn's; none if negative. */
    private final int neighbourAt;

    private final EventKind.Mix mix;
    private final UpsertLayout layout;
    private final boolean marked;
    private final List<SimProcess> processes = new ArrayList<>();
    private final Deque<String> told = new ArrayDeque<>();
    private boolean hasEnded;
    /** What merges go on without. */
    private List<AcceptedSpan> accepted = List.of();
    /** The clocks of jobs: on one every snapshot is young, on the other every one is old. */
    private final Clock now = Clock.systemUTC();

    private final Clock later = Clock.offset(Clock.systemUTC(), Duration.ofDays(30));

    /**
     * @param scratch a folder for spills
     * @param missing a safeguard to take out, to show that it is missed
     */
    Story(long seed, Path scratch, Optional<Safeguard> missing, Coverage coverage) {
        this.random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
        this.scratch = scratch;
        this.missing = missing;
        this.coverage = coverage;
        boolean versioned = random.nextInt(3) == 0;
        this.marked = random.nextBoolean();
        int format = 2 + random.nextInt(2);
        this.tables = new SimTables(seed);
        this.log = new SimLog(random, versioned, marked);
        this.rows = new SimRows(tables, log);
        this.layout = new UpsertLayout(
                SchemaText.parse(SCHEMA), List.of("id"), versioned ? Optional.of("version") : Optional.empty());
        createTables(format);
        this.model = new Model(tables, log, rows, versioned);
        this.others = new Others(tables, log, rows, model, random, format, this::happened);
        this.damage = new Damage(tables, log, rows, model, random, this::happened);
        this.mix = new EventKind.Mix(random, random.nextInt(2) == 0 ? Set.of() : EventKind.HARM);
        this.neighbours = new Neighbours(tables, this::happened);
        this.neighbourAt = seed % 4 == 3 ? (int) (seed / 4 % (EVENTS / 2)) : -1;
        if (missing.equals(Optional.of(Safeguard.DELETION_GUARD))) {
            tables.store().hideMetadataOfOthers();
        }
    }

    private void createTables(int format) {
        Schema keyed = layout.keyed();
        PartitionSpec spec =
                switch (random.nextInt(4)) {
                    case 0 -> PartitionSpec.builderFor(keyed).bucket("id", 2).build();
                    case 1 -> PartitionSpec.builderFor(keyed).identity("region").build();
                    default -> PartitionSpec.unpartitioned();
                };
        Map<String, String> properties = new HashMap<>(Map.of(
                "format-version", Integer.toString(format),
                "write.manifest.compression-codec", "uncompressed",
                "write.parquet.compression-codec", "uncompressed",
                "write.metadata.previous-versions-max", "200"));
        tables.create(Model.KEYED, keyed, spec, properties);
        tables.create(Model.STAGING, layout.staging(), PartitionSpec.unpartitioned(), properties);
        tables.create(Model.DELETES, layout.deletes(), PartitionSpec.unpartitioned(), properties);
    }

    /** The last events, for a message. */
    String story() {
        return String.join(System.lineSeparator() + "  ", told);
    }

    void run() {
        ingest();
        int mostTurns = random.nextInt(3) == 0 ? TURNS_OF_A_QUIET_RUN : MOST_TURNS_BETWEEN_EVENTS;
        for (int event = 0; event < EVENTS; event++) {
            for (int turns = random.nextInt(mostTurns); turns > 0 && !processes.isEmpty(); turns--) {
                turn();
            }
            if (event == neighbourAt) {
                neighbours.appear(random);
            }
            happen();
            check();
        }
        finish();
    }

    private void happen() {
        EventKind kind = mix.next(random);
        switch (kind) {
            case PRODUCE -> log.produce();
            case PARTITION -> {
                if (log.ends().size() < 4) {
                    log.addPartition();
                    happened("a partition is added");
                }
            }
            case CREATE_AGAIN -> {
                log.createTopicAgain();
                happened("a topic is deleted and created again");
            }
            case INGEST -> start(this::ingest);
            case MERGE -> start(this::merge);
            case REWRITE -> start(() -> job(rewrite(table())));
            case MANIFESTS ->
                start(() -> job(life ->
                        new ManifestJob(context(open(table(), life), now), new ManifestSettings(8 << 20, 2, 100))));
            case EXPIRE ->
                start(() -> expire(
                        table(),
                        new ExpireSettings(Duration.ofHours(1), 1 + random.nextInt(3), 1 + random.nextInt(4))));
            case RETENTION -> start(this::retention);
            case ORPHANS -> start(this::orphans);
            case KILL -> strike(Strike.KILL);
            case KILL_AT_A_CALL -> strike(Strike.KILL_AT_A_CALL);
            case FAIL_A_CALL -> strike(Strike.FAIL_A_CALL);
            case STOP -> strike(Strike.STOP);
            case COMMIT_FAULT -> commitFault();
            case DELIVER_LATE -> deliverLate();
            case OPTIMIZE -> others.optimize();
            case DELETE_ROWS -> {
                Set<String> keys = others.deleteRows();
                processes.forEach(process -> process.rowsAreDeleted(keys));
            }
            case FOREIGN_EXPIRE -> others.expire();
            case ROLL_BACK -> {
                others.rollBack();
                processes.forEach(SimProcess::rolledBack);
            }
            case REPLAY -> others.replay();
            case PROPERTY -> others.setProperty();
            case FORGET -> damage.forget();
            case REPAIR -> repair();
            case DELETE_STAGED, ROLL_BACK_DELETES, CREATE_TABLE_AGAIN, RESTORE -> harm(kind);
        }
    }

    /** A table that is made anew has another UUID: every process of Firn has to open it again. */
    private void repair() {
        if (damage.rebuildDeletes()) {
            processes.clear();
        }
        damage.repair();
    }

    private void harm(EventKind kind) {
        model.damaged();
        switch (kind) {
            case DELETE_STAGED -> damage.deleteStaged();
            case ROLL_BACK_DELETES -> {
                processes.clear();
                damage.rollBackDeletes();
            }
            case RESTORE -> {
                processes.clear();
                damage.restore();
            }
            default -> {
                processes.clear();
                damage.createAgain();
            }
        }
    }

    private enum Strike {
        KILL,
        KILL_AT_A_CALL,
        FAIL_A_CALL,
        STOP
    }

    private void strike(Strike strike) {
        if (processes.isEmpty()) {
            return;
        }
        SimProcess process = processes.get(random.nextInt(processes.size()));
        switch (strike) {
            case KILL -> {
                processes.remove(process);
                happened(process.name + " is killed between two turns");
            }
            case KILL_AT_A_CALL -> process.life.dieAfter(random.nextInt(random.nextBoolean() ? 12 : 60));
            case FAIL_A_CALL -> process.life.failAfter(random.nextInt(random.nextBoolean() ? 12 : 60));
            case STOP -> {
                processes.remove(process);
                happened(process.name + " is asked to stop");
                guarded(process, () -> {
                    process.stop();
                    return false;
                });
            }
        }
    }

    private void commitFault() {
        InMemoryTables catalog = tables.catalog();
        switch (random.nextInt(6)) {
            case 0, 1 -> {
                catalog.loseNextReply();
                happened("the next answer will be lost");
            }
            case 2 -> {
                catalog.landLate();
                happened("the next commit will be late");
            }
            case 3 -> {
                catalog.dropNextRequest();
                happened("the next request will be lost");
            }
            case 4 -> {
                catalog.conflictNext();
                happened("the next commit will be refused");
            }
            default -> {
                catalog.hideNextSuccess();
                happened("the next success will look like a conflict");
            }
        }
    }

    private void deliverLate() {
        if (tables.catalog().late() > 0) {
            happened(tables.catalog().deliverLate() ? "a late commit lands" : "a late commit comes too late");
        }
    }

    private void turn() {
        if (processes.isEmpty()) {
            return;
        }
        SimProcess process = processes.get(random.nextInt(processes.size()));
        turn(process);
    }

    private void turn(SimProcess process) {
        Set<String> deleted = Set.copyOf(process.deletedAfterItLooked());
        boolean goesOn = guarded(process, process::turn);
        check(deleted);
        if (!goesOn) {
            processes.remove(process);
        }
    }

    private boolean guarded(SimProcess process, java.util.function.BooleanSupplier work) {
        try {
            return work.getAsBoolean();
        } catch (Lifeline.Crash crash) {
            happened(process.name + " dies at " + crash.getMessage());
            return false;
        } catch (Violation violation) {
            throw violation;
        } catch (RuntimeException | Error failed) {
            if (!process.life.isDead()) {
                throw failed;
            }
            happened(process.name + " dies");
            return false;
        }
    }

    private void check() {
        check(Set.of());
    }

    private void check(Set<String> mustBeDropped) {
        Set<String> mayBeDropped = new TreeSet<>();
        processes.forEach(process -> mayBeDropped.addAll(process.deletedMeanwhile));
        model.check(mayBeDropped, mustBeDropped);
        damage.observe();
        neighbours.requireAll();
    }

    private void start(Runnable how) {
        if (processes.size() < PROCESSES) {
            how.run();
        }
    }

    private void ingest() {
        Lifeline life = new Lifeline();
        processes.add(new SimIngest(
                open(Model.STAGING, life),
                log,
                rows,
                random,
                life,
                tables.store().now(),
                this::happened));
    }

    private void merge() {
        SimJob.Watch watch = new SimJob.Watch(this::requireDamage);
        job(watch, life -> {
            UpsertTables opened = new UpsertTables(
                    layout,
                    tables.open(Model.STAGING, life, missing),
                    open(Model.KEYED, life),
                    open(Model.DELETES, life));
            return new MergeJob(opened, Model.PIPELINE, mergeSettings(), now, random, watch);
        });
    }

    /** Jobs, rollbacks and expiry in whatever order never take away what is still to be merged. */
    private void requireDamage() {
        if (!damage.isDone()) {
            throw new Violation("a merge lacks rows, though nobody took them away");
        }
    }

    private MergeSettings mergeSettings() {
        MergeSettings settings = MergeSettings.defaults(scratch)
                .withMemoryBytes(8 << 20)
                .withRewriteShare(random.nextBoolean() ? 1 : 0.01 + random.nextDouble() * 0.9);
        settings = settings.withAccepted(accepted);
        if (marked) {
            settings = settings.withDeleteWhen(Expressions.equal("op", "d"));
        }
        return hasEnded || random.nextInt(3) > 0
                ? settings
                : settings.withBudget(Budget.UNLIMITED.withRows(1 + random.nextInt(10)));
    }

    private java.util.function.Function<Lifeline, Job> rewrite(String name) {
        RewriteSettings settings = RewriteSettings.target(1 << 20)
                .withMinFiles(2)
                .withSortBytes(1 << 20)
                .withCommits(1 << 20, 2 + random.nextInt(5));
        return life -> new RewriteJob(context(open(name, life), now), settings);
    }

    private void retention() {
        job(life -> new StagingRetention(
                context(open(Model.STAGING, life), later),
                keyedForRetention(life),
                StagingRetention.DEFAULT_KEEP,
                Budget.UNLIMITED));
    }

    private Table keyedForRetention(Lifeline life) {
        if (missing.equals(Optional.of(Safeguard.STAGING_RETENTION))) {
            return open(Model.STAGING, life);
        }
        Table keyed = open(Model.KEYED, life);
        return missing.equals(Optional.of(Safeguard.KEPT_FOR_ROLLBACK)) ? SimTables.headOnly(keyed) : keyed;
    }

    /** Files are old that were made before anything began that still runs or may still land. */
    private void orphans() {
        if (tables.catalog().late() > 0) {
            return;
        }
        orphans(table());
    }

    private void expire(String name, ExpireSettings settings) {
        job(life -> new ExpireJob(context(open(name, life), later), settings, guard(name)));
    }

    private DeletionGuard guard(String name) {
        RegisteredTables known =
                missing.equals(Optional.of(Safeguard.DELETION_GUARD)) ? RegisteredTables.NONE : neighbours;
        return new DeletionGuard(name, known, Optional.of("mem://lake"), List.of(), now);
    }

    private void orphans(String name) {
        long youngest = processes.stream()
                .mapToLong(process -> process.began)
                .min()
                .orElse(tables.store().now());
        tables.store().agedUntil(youngest);
        job(life -> new OrphanJob(context(open(name, life), later), OrphanSettings.DEFAULTS, guard(name)));
    }

    private void job(java.util.function.Function<Lifeline, Job> made) {
        job(new SimJob.Watch(() -> {}), made);
    }

    private void job(SimJob.Watch watch, java.util.function.Function<Lifeline, Job> made) {
        Lifeline life = new Lifeline();
        processes.add(new SimJob(made.apply(life), life, tables.store().now(), watch, this::happened));
    }

    private String table() {
        return TABLES.get(random.nextInt(TABLES.size()));
    }

    private Table open(String name, Lifeline life) {
        // Only what a merge sees of staging is without counts: what others carry on is true.
        return tables.open(name, life, missing.filter(each -> each != Safeguard.PROVEN_STEP));
    }

    private JobContext context(Table table, Clock clock) {
        return new JobContext(table, clock, random, JobProgress.NONE, scratch);
    }

    private void happened(String what) {
        coverage.count(what);
        told.add(what);
        if (told.size() > LAST_TOLD) {
            told.removeFirst();
        }
    }

    private void finish() {
        processes.clear();
        hasEnded = true;
        while (tables.catalog().late() > 0) {
            deliverLate();
            check();
        }
        tables.catalog().endFaults();
        ingest();
        SimProcess ingestion = processes.get(0);
        for (int turns = 0; !isStaged(); turns++) {
            requireProgress(turns, "staging of " + log.ends() + " into " + model.staged());
            turn(ingestion);
        }
        processes.clear();
        boolean hasTried = false;
        for (int turns = 0; !isMerged() || !processes.isEmpty(); turns++) {
            requireProgress(
                    turns,
                    "merging of " + model.staged() + " into " + model.truth().merged());
            if (processes.isEmpty()) {
                // First without: what is missing must stop a merge.
                if (hasTried) {
                    repair();
                    check();
                    accepted = damage.accepted();
                }
                hasTried = true;
                merge();
            }
            turn(processes.get(0));
        }
        collectOrphans();
    }

    private static void requireProgress(int turns, String what) {
        if (turns > TURNS_TO_FINISH) {
            throw new Violation(what + " comes to no end");
        }
    }

    private void collectOrphans() {
        for (String name : TABLES) {
            orphans(name);
            while (!processes.isEmpty()) {
                turn(processes.get(0));
            }
        }
        Set<String> left = new TreeSet<>(tables.store().locations());
        left.removeAll(model.referenced());
        // Of a table that nobody ever committed to nobody can tell which files are old enough.
        left.removeIf(file -> !TABLES.contains(SimRows.tableOf(file))
                || neighbours.isIn(SimRows.tableOf(file))
                || tables.metadata(SimRows.tableOf(file)).currentSnapshot() == null);
        if (!left.isEmpty()) {
            throw new Violation("referenced by nobody and still there: " + left);
        }
    }

    private boolean isStaged() {
        return isAtEnd(model.staged());
    }

    private boolean isMerged() {
        return isAtEnd(model.truth().merged());
    }

    private boolean isAtEnd(io.firn.catalog.ledger.Ledger ledger) {
        for (Map.Entry<SourcePartition, Long> each : log.ends().entrySet()) {
            OptionalLong next = ledger.next(Model.PIPELINE, each.getKey());
            if (next.isEmpty() || next.getAsLong() < each.getValue()) {
                return false;
            }
        }
        return true;
    }
}
