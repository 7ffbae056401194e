package io.firn.deploy.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FakeClock;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.FullDisk;
import io.firn.deploy.rig.Preloaded;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.deploy.rig.TopicProducer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One table's life under faults: two processes, a steady producer, a plan, and the verdict. */
final class Chapter {
    /** Order {@code n} is in partition {@code n} modulo this. */
    static final int PARTITIONS = 12;

    private static final int KEYS = 1_200;
    private static final Duration RECOVERY = Duration.ofSeconds(90);

    /** How exactly a recovery is timed; a look costs a read of the table's metadata. */
    private static final Duration LOOK = Duration.ofMillis(200);

    private final Surroundings around;
    private final Stage stage;
    private final boolean keyed;
    private final int recordsPerSecond;
    private final Consumer<String> log;
    private final List<FirnProcess> fleet = new ArrayList<>();
    private final List<Met> met = new ArrayList<>();
    private final List<Told> told = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private Map<Integer, Long> last = new TreeMap<>();
    private List<FakeClock> clocks = List.of();
    private List<FullDisk> disks = List.of();
    private String sidePipeline = "";
    private int started;
    private @Nullable Engine beside;

    /**
     * @param topic new; also names pipeline and table
     * @param keyed whether the pipeline is one of {@code mode: upsert}
     */
    Chapter(
            Surroundings around,
            Path directory,
            Path logs,
            String topic,
            boolean keyed,
            int recordsPerSecond,
            Consumer<String> log) {
        this.around = around;
        this.stage = new Stage(around.broker(), around.lake(), directory, logs, topic);
        this.keyed = keyed;
        this.recordsPerSecond = recordsPerSecond;
        this.log = log;
    }

    /** Lets another engine work at the same table from the first commit on. The caller closes it. */
    Engine withEngine(long seed) {
        Engine engine = new Engine(
                around.lake().properties(),
                stage.table(),
                keyed,
                seed,
                stage.directory(),
                stage.logs(),
                this::ledger,
                log);
        beside = engine;
        return engine;
    }

    /** What anybody could read of the table at a moment. */
    record Told(Map<Integer, Long> ledger, Optional<String> watermark) {}

    /** One process for a while, for an archive of the classes that a service loads: every start is shorter with it. */
    void rehearse() {
        around.broker().createTopic(stage.topic(), PARTITIONS, Map.of());
        try (TopicProducer producer = TopicProducer.steady(
                        around.broker().bootstrap(), stage.topic(), PARTITIONS, recordsPerSecond, 1, KEYS);
                FirnProcess process = fresh(0).archiving().start()) {
            fleet.add(process);
            awaitProgress(Map.of());
            awaitProgress(ledger());
            producer.close();
            Eventually.holds("everything is merged", RECOVERY, LOOK, stage.verifier()::isDrained, process::tail);
            assertThat(process.terminate()).as(process.tail()).isZero();
        }
    }

    /**
     * Carries the plan out, those that are together at the same time.
     *
     * @return what was met, up to where it hung, and what the table is like afterwards
     */
    Verdict play(List<List<Strike>> plan) {
        around.broker().createTopic(stage.topic(), PARTITIONS, Map.of("message.timestamp.type", "LogAppendTime"));
        try (TopicProducer producer = TopicProducer.steady(
                around.broker().bootstrap(),
                stage.topic(),
                PARTITIONS,
                recordsPerSecond,
                1,
                keyed ? KEYS : Long.MAX_VALUE)) {
            SidePipeline side = new SidePipeline(stage);
            if (plan.stream().flatMap(List::stream).anyMatch(strike -> strike.kind() == FaultKind.BAD_RECORD_BESIDE)) {
                side.createTopic();
                sidePipeline = side.configuration();
            }
            clocks = wanted(FaultKind.CLOCK_JUMP, plan, "clock-", FakeClock::new);
            disks = wanted(FaultKind.DISK_FULL, plan, "disk-", FullDisk::new);
            // One table after the other: so many JVMs that start at once say nothing about any of them.
            synchronized (around.broker()) {
                IntStream.range(0, Surroundings.FLEET)
                        .forEach(process -> fleet.add(fresh(process).start()));
                awaitProgress(Map.of());
            }
            Engine other = beside;
            if (other != null) {
                other.begin();
            }
            Path direct = stage.config("direct", lines().toArray(new String[0]));
            OutageWatch watch = new OutageWatch(fleet, log);
            Faults.Beside others = new Faults.Beside(
                    side,
                    new OtherUsers(around, stage, keyed, log),
                    new TableDamage(around, stage, keyed, fleet, watch, log),
                    watch);
            Faults faults =
                    new Faults(around, new Faults.Fleet(fleet, clocks, disks), others, this::ledger, this::supervise);
            for (List<Strike> strikes : plan) {
                if (!strike(faults, strikes)) {
                    return brokenOff();
                }
            }
            if (other != null) {
                wrong.addAll(other.end());
            }
            producer.close();
            log.accept(producer.acknowledged() + " records produced, draining");
            awaitAll();
            for (FirnProcess process : fleet) {
                process.awaitJoined();
                assertThat(process.terminate())
                        .as("exit code after SIGTERM: %s", process.tail())
                        .isZero();
            }
            wrong.addAll(others.complaints());
            return new Judge(around, stage, keyed ? KEYS : 0, log)
                    .verdict(producer.acknowledged(), met, told, other == null ? Removed.NONE : other.removed(), direct)
                    .with(wrong);
        } catch (AssertionError brokenOff) {
            wrong.add("broken off: " + firstLine(brokenOff) + tell(brokenOff));
            return brokenOff();
        } finally {
            fleet.forEach(FirnProcess::close);
        }
    }

    /** Some fault was not survived; what had been committed until then must be right all the same. */
    @SuppressWarnings("IllegalCatch") // whatever is broken off may have left servers in any state
    private Verdict brokenOff() {
        Engine other = beside;
        if (other != null) {
            wrong.addAll(other.end());
        }
        fleet.forEach(FirnProcess::close);
        try {
            return new Judge(around, stage, keyed ? KEYS : 0, log)
                    .soFar(met, other == null ? Removed.NONE : other.removed())
                    .with(wrong);
        } catch (AssertionError | RuntimeException unreadable) {
            log.accept("the table could not be read: " + unreadable);
            return Verdict.unread(met, wrong);
        }
    }

    /** One for each process, where the plan has a fault of that kind. */
    private <T> List<T> wanted(FaultKind kind, List<List<Strike>> plan, String name, Function<Path, T> make) {
        if (plan.stream().flatMap(List::stream).noneMatch(strike -> strike.kind() == kind)) {
            return List.of();
        }
        return IntStream.range(0, Surroundings.FLEET)
                .mapToObj(process -> make.apply(stage.directory().resolve(name + process)))
                .toList();
    }

    private boolean strike(Faults faults, List<Strike> strikes) {
        Map<Integer, Long> before = ledger();
        for (int i = 0; i < strikes.size(); i++) {
            log.accept("fault " + (met.size() + i + 1) + ": " + strikes.get(i));
        }
        long recovery;
        try {
            atOnce(strikes.stream()
                    .<Runnable>map(strike -> () -> faults.strike(strike, () -> fresh(strike.victim())))
                    .toList());
            long end = System.nanoTime();
            awaitProgress(ledger());
            recovery = (System.nanoTime() - end) / 1_000_000;
        } catch (AssertionError hung) {
            log.accept("hung: " + firstLine(hung) + tell(hung));
            recovery = -1;
        }
        for (Strike strike : strikes) {
            met.add(new Met(strike, before, recovery));
        }
        return recovery >= 0;
    }

    /** All but the first in threads of their own; returns when the last has ended. */
    private static void atOnce(List<Runnable> strikes) {
        List<CompletableFuture<Void>> others = strikes.subList(1, strikes.size()).stream()
                .map(strike -> CompletableFuture.runAsync(strike, task -> new Thread(task, "strike").start()))
                .toList();
        try {
            strikes.get(0).run();
        } finally {
            others.forEach(other -> other.handle((done, failed) -> done).join());
        }
        for (CompletableFuture<Void> other : others) {
            try {
                other.join();
            } catch (CompletionException failed) {
                throw new AssertionError(String.valueOf(failed.getMessage()), failed);
            }
        }
    }

    private static String firstLine(AssertionError what) {
        return String.valueOf(what.getMessage()).lines().findFirst().orElse("");
    }

    /** Where the threads stand is for a file. */
    private String tell(AssertionError what) {
        try {
            Path file = stage.logs().resolve(stage.topic() + "-" + met.size() + ".txt");
            Files.writeString(file, String.valueOf(what.getMessage()));
            return " (" + file + ")";
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /**
     * One that could not reach something at its start ends and is started again, as a supervisor does; no other may.
     */
    private void supervise(FirnProcess process) {
        if (!process.isAlive() && process.outputSinceStart().contains("(table-property-unsupported)")) {
            log.accept(process.name() + " read a property that another engine has removed since: started again");
            process.start();
        } else if (!process.isAlive()) {
            assertThat(process.process().exitCode())
                    .as("exit code of " + process.tail())
                    .isEqualTo(1);
            assertThat(process.outputSinceStart()).as("the end of a service").doesNotContain(" Running [");
            log.accept(process.name() + " did not reach something at its start: started again");
            process.start();
        }
    }

    private synchronized FirnProcess fresh(int process) {
        Path config = stage.config("firn-" + process, around.network(process), lines());
        try {
            Files.writeString(config, sidePipeline + "memory: 96MB\n", StandardOpenOption.APPEND);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return FirnProcess.of(stage.topic() + "-" + ++started, config, stage.logs(), "-Xmx320m")
                .with(environment(process));
    }

    private Map<String, String> environment(int process) {
        List<Map<String, String>> all = new ArrayList<>();
        if (!clocks.isEmpty()) {
            all.add(clocks.get(process).environment());
        }
        if (!disks.isEmpty()) {
            all.add(disks.get(process).environment());
        }
        return Preloaded.all(all);
    }

    private List<String> lines() {
        List<String> lines =
                new ArrayList<>(List.of("workers: 2", "maintenance: {interval: 10s, snapshots-keep: 10m}"));
        if (keyed) {
            lines.addAll(List.of(
                    "mode: upsert",
                    "key: [order_id]",
                    "delete-when: \"quantity = 0\"",
                    "merge: {interval: 2s, memory: 16MB}",
                    "partition-by: ['bucket(3, order_id)']"));
        } else {
            lines.add("partition-by: [day(placed_at)]");
        }
        return lines;
    }

    private TableVerifier verifier() {
        return new TableVerifier(
                around.lake(),
                stage.table() + (keyed ? "_staging" : ""),
                around.broker().bootstrap(),
                stage.topic(),
                stage.topic());
    }

    /** As anybody reads it; it never goes back. */
    private synchronized Map<Integer, Long> ledger() {
        TableVerifier.Head head = verifier().head();
        if (!head.ledger().isEmpty()) {
            last.forEach((partition, next) -> {
                if (head.ledger().getOrDefault(partition, -1L) < next) {
                    wrong.add("a ledger that goes back: partition " + partition + " from " + last + " to " + head);
                }
            });
            if (!head.ledger().equals(last)) {
                told.add(new Told(head.ledger(), head.watermark()));
            }
            last = head.ledger();
        }
        return head.ledger();
    }

    /** Every partition has moved on since: no fault may leave one behind. */
    private void awaitProgress(Map<Integer, Long> before) {
        Eventually.holds(
                "every partition moves on",
                RECOVERY,
                LOOK,
                () -> {
                    fleet.forEach(this::supervise);
                    Map<Integer, Long> now = ledger();
                    return now.size() == PARTITIONS
                            && now.entrySet().stream()
                                    .allMatch(entry -> entry.getValue() > before.getOrDefault(entry.getKey(), 0L));
                },
                this::state);
    }

    private void awaitAll() {
        Eventually.holds("the table holds everything", RECOVERY, LOOK, verifier()::isDrained, this::state);
        if (keyed) {
            Eventually.holds("everything is merged", RECOVERY, LOOK, stage.verifier()::isDrained, this::state);
        }
    }

    private String state() {
        StringBuilder text = new StringBuilder(verifier().progress());
        fleet.forEach(process -> text.append('\n').append(process.tailAndThreads()));
        return text.toString();
    }
}
