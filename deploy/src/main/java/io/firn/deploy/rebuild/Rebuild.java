package io.firn.deploy.rebuild;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillCodec;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.catalog.upsert.RebuildMark;
import io.firn.catalog.upsert.SetMember;
import io.firn.catalog.upsert.SetRebuild;
import io.firn.catalog.upsert.UpsertSet;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.deploy.maintain.JobRun;
import io.firn.deploy.maintain.Scratch;
import io.firn.deploy.rebuild.RebuildPlan.From;
import io.firn.deploy.rebuild.RebuildPlan.Reading;
import io.firn.deploy.rebuild.RebuildPlan.Work;
import io.firn.ingest.backfill.BackfillJob;
import io.firn.ingest.backfill.BackfillSettings;
import io.firn.ingest.backfill.BackfillTurn;
import io.firn.ingest.record.SpanSource;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.apache.iceberg.Table;

/**
 * Carries out the rebuild of one table of a set, beside whatever services are running.
 *
 * <ol>
 *   <li>Create the table, marked, with its start positions; register the backfills that it needs in the staging table;
 *       write down that this is done. Until then every start and merge refuses the set.
 *   <li>Make the other tables name it. From here on any process of the pipeline can do the rest.
 *   <li>Read: the backfills stage what staging lacks. Nothing is merged meanwhile.
 *   <li>Merge. When all of it is merged the mark goes.
 * </ol>
 *
 * <p>Killed at any point it is run again and resumes; run twice at once, one of the two does each step.
 */
public final class Rebuild {
    private static final String BY = "firn rebuild";
    private static final long POLL_MILLIS = 1_000;
    private static final int MAX_SPANS_IN_MESSAGE = 5;

    /** Who drives it. */
    public interface Driver {
        /** Whether to end at the next opportunity. */
        boolean isStopping();

        /** Waits; may return earlier. */
        void await(Duration time) throws InterruptedException;

        /** Receives a line about how far it is. */
        void progress(String line);
    }

    /**
     * How it ended.
     *
     * @param complete whether the table is whole
     * @param left what is left to do, or what Kafka dropped while it was read; for a person
     */
    public record Result(boolean complete, List<String> left) {
        public Result {
            left = List.copyOf(left);
        }
    }

    private final RebuildParts parts;
    private final RebuildPlan plan;
    private final List<AcceptedSpan> accepted;
    private final BackfillSettings settings;
    private final Clock clock;
    private final RandomGenerator random;

    /**
     * @param accepted offsets that the rebuilt table goes without
     * @throws FirnException {@code rebuild-incomplete} if more is lost than is accepted
     */
    public Rebuild(
            RebuildParts parts,
            RebuildPlan plan,
            List<AcceptedSpan> accepted,
            BackfillSettings settings,
            Clock clock,
            RandomGenerator random) {
        this.parts = parts;
        this.plan = plan;
        this.accepted = accepted(parts.tables(), plan, accepted);
        this.settings = settings;
        this.clock = clock;
        this.random = random;
        requireAccepted();
    }

    /** An earlier run may have written down what was accepted then. */
    private static List<AcceptedSpan> accepted(Tables tables, RebuildPlan plan, List<AcceptedSpan> now) {
        List<AcceptedSpan> all = new ArrayList<>(now);
        if (plan.work() == Work.RESUME) {
            tables.open(plan.table()).map(SetRebuild::accepted).orElse(List.of()).stream()
                    .filter(span -> !all.contains(span))
                    .forEach(all::add);
        }
        return all;
    }

    private void requireAccepted() {
        List<AcceptedSpan> left = new ArrayList<>();
        for (AcceptedSpan span : plan.lost()) {
            List<OffsetRange> taken = accepted.stream()
                    .filter(each -> each.isOf(span.topic(), span.partition()))
                    .map(AcceptedSpan::offsets)
                    .toList();
            Offsets.without(List.of(span.offsets()), taken)
                    .forEach(each -> left.add(new AcceptedSpan(span.topic(), span.partition(), each)));
        }
        if (!left.isEmpty()) {
            String options = left.stream()
                    .limit(MAX_SPANS_IN_MESSAGE)
                    .map(span -> "--accept-missing " + span.text())
                    .collect(Collectors.joining(" "));
            throw FirnException.user(
                    "rebuild-incomplete",
                    "the table cannot be rebuilt whole: neither Kafka nor the staging table holds these offsets any more",
                    "table " + plan.table() + ": " + AcceptedSpan.text(left),
                    consequence() + "; restore the table from a backup, or go on without them: add " + options
                            + (left.size() > MAX_SPANS_IN_MESSAGE ? " and so on for the other spans" : ""));
        }
    }

    private String consequence() {
        return switch (plan.member()) {
            case KEYED -> "rows whose last record is among them would be missing";
            case DELETES ->
                "keys deleted by one of them could come back from an older record that is in another partition or has"
                        + " a version";
            case STAGING -> "records among them would be missing in the keyed table, as after a gap";
        };
    }

    /** Runs to the end, or until the driver stops. */
    public Result run(Driver driver) throws InterruptedException {
        prepare(driver);
        read(driver);
        return merge(driver);
    }

    /** Creates the table and writes down all that it needs. */
    void prepare(Driver driver) {
        SetRebuild steps = new SetRebuild(parts.tables(), parts.request(), plan.member());
        if (plan.work() == Work.REPLACE) {
            driver.progress("drops " + plan.table());
            steps.drop();
        }
        driver.progress(plan.work() == Work.RESUME ? "resumes " + plan.table() : "creates " + plan.table());
        Table table = steps.create(newId(), accepted);
        steps.createDeletes(newId());
        RebuildMark mark = RebuildMark.of(table).orElseThrow();
        if (mark.backfills().isEmpty()) {
            steps.begin(table, accepted);
        }
        if (!isUsable(mark)) {
            mark = steps.again(table, mark, newId());
        }
        if (mark.backfills().isEmpty()) {
            register(mark);
            steps.registered(table, mark, plan.reading().size());
        }
        var unused = UpsertTables.openOrCreate(parts.tables(), parts.request());
    }

    /** Whether the backfills that are registered, or were before the rebuild was killed, are those that it needs. */
    private boolean isUsable(RebuildMark mark) {
        Backfills known = new Backfills(staging(), random, clock);
        int count = mark.backfills().orElse(plan.reading().size());
        for (int number = 0; number < count; number++) {
            Optional<BackfillState> state = known.find(mark.backfill(number));
            if (state.isEmpty()) {
                if (mark.backfills().isPresent()) {
                    return false;
                }
                continue;
            }
            boolean hasFailed = state.get().standing().phase() == Phase.FAILED
                    || state.get().standing().phase() == Phase.CANCELLED;
            boolean isOther = mark.backfills().isEmpty()
                    && !isOf(state.get().task(), plan.reading().get(number));
            if (hasFailed || isOther) {
                return false;
            }
        }
        return true;
    }

    private static boolean isOf(BackfillTask task, Reading reading) {
        return task.topic().equals(reading.topic())
                && task.topicId().equals(reading.topicId())
                && task.requestedBy().equals(by(reading));
    }

    private static String by(Reading reading) {
        return reading.from() == From.STAGING ? SetRebuild.STAGED_ROWS : BY;
    }

    private void register(RebuildMark mark) {
        Backfills backfills = new Backfills(staging(), random, clock);
        for (int number = 0; number < plan.reading().size(); number++) {
            Reading reading = plan.reading().get(number);
            BackfillTask task = new BackfillTask(
                    parts.pipeline(),
                    reading.topic(),
                    reading.topicId(),
                    BackfillMode.MISSING,
                    reading.spans(),
                    settings.chunkRecords(),
                    reading.from() == From.STAGING ? List.of("Kafka no longer holds these offsets") : List.of(),
                    by(reading),
                    clock.instant());
            String id = mark.backfill(number);
            var unused = reading.from() == From.STAGING ? backfills.acceptDone(id, task) : backfills.accept(id, task);
        }
    }

    private Table staging() {
        String name = SetMember.STAGING.tableName(parts.request().identifier());
        return parts.tables()
                .open(name)
                .orElseThrow(() -> FirnException.user(
                        "table-missing", "the table does not exist", "table " + name, "run the rebuild again"));
    }

    /** Works on the backfills until none of them goes on; other processes may work on them as well. */
    private void read(Driver driver) throws InterruptedException {
        while (!driver.isStopping()) {
            Optional<BackfillState> next =
                    states().stream().filter(BackfillState::isRunning).findFirst();
            if (next.isEmpty()) {
                return;
            }
            work(next.get(), driver);
        }
    }

    private List<BackfillState> states() {
        UpsertSet set = UpsertSet.read(parts.tables(), parts.request().identifier());
        return set.table(plan.member())
                .flatMap(RebuildMark::of)
                .map(mark -> SetRebuild.backfills(set, mark))
                .orElse(List.of());
    }

    private void work(BackfillState state, Driver driver) throws InterruptedException {
        Table staging = staging();
        try (SpanSource kafka = parts.kafka()) {
            BackfillJob job =
                    new BackfillJob(state.id(), staging, kafka, () -> parts.writer(staging), settings, clock, random);
            try {
                while (!driver.isStopping()) {
                    BackfillTurn turn = job.turn();
                    reached(state, staging, driver);
                    if (turn.ended()) {
                        driver.await(Duration.ofMillis(states().contains(state) ? POLL_MILLIS : 0));
                        return;
                    }
                    driver.await(Duration.ofMillis(turn.delayMillis()));
                }
            } catch (FirnException failed) {
                if (failed.kind() != FirnException.Kind.EXTERNAL) {
                    new Backfills(staging(), random, clock).fail(state.id(), String.valueOf(failed.getMessage()));
                }
                throw failed;
            } finally {
                job.stop();
            }
        }
    }

    /** As the handle that the job refreshes shows it. */
    private static void reached(BackfillState begun, Table staging, Driver driver) {
        String text = staging.properties().get(begun.key());
        if (text != null) {
            BackfillState now = BackfillCodec.read(begun.key(), text, "table " + staging.name());
            driver.progress("reads " + begun.task().topic() + ": " + now.done() + " of "
                    + begun.task().total() + " offsets");
        }
    }

    private Result merge(Driver driver) throws InterruptedException {
        while (!driver.isStopping()) {
            var unused = UpsertTables.openOrCreate(parts.tables(), parts.request());
            Optional<RebuildMark> mark = parts.tables().open(plan.table()).flatMap(RebuildMark::of);
            if (mark.isEmpty()) {
                return new Result(true, List.of());
            }
            driver.progress("merges into " + parts.request().identifier());
            JobResult result = merged(driver);
            if (result.end() == End.NOTHING) {
                return new Result(false, told());
            }
            if (result.end() == End.YIELDED) {
                driver.progress("waits: " + result.reason());
                driver.await(Duration.ofMillis(POLL_MILLIS));
            }
        }
        return new Result(false, List.of("it was stopped; run it again"));
    }

    private JobResult merged(Driver driver) throws InterruptedException {
        BooleanSupplier stopping = driver::isStopping;
        try (Scratch scratch = Scratch.create()) {
            return JobRun.toItsEnd(
                    parts.merge(scratch.folder()),
                    stopping,
                    (millis, reason) -> driver.await(Duration.ofMillis(millis)));
        }
    }

    private List<String> told() {
        List<String> told = new ArrayList<>();
        states().stream()
                .filter(state -> !state.task().requestedBy().equals(SetRebuild.STAGED_ROWS))
                .flatMap(state -> state.task().told().stream())
                .forEach(told::add);
        return told;
    }

    private String newId() {
        return Long.toHexString(random.nextLong() | 1L << 60);
    }
}
