package io.firn.deploy.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FakeClock;
import io.firn.deploy.rig.FaultyS3;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.FullDisk;
import io.firn.deploy.rig.Network;
import io.firn.deploy.rig.TcpProxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Carries out what a plan says: waits for the moment, strikes, and puts things right again. */
final class Faults {
    private static final Duration SOON = Duration.ofSeconds(90);

    private static final Duration LOOK = Duration.ofMillis(100);

    /** Stores refuse requests that are signed a quarter of an hour off. */
    private static final Duration MOST_BEHIND = Duration.ofMinutes(10);

    /** A snapshot of then is in everybody's way until it is a minute old: Iceberg takes none that is older. */
    private static final Duration MOST_AHEAD = Duration.ofMinutes(2);

    private static final Duration SHORTEST_AWAY = Duration.ofSeconds(20);

    private static final Duration MORE_AWAY = Duration.ofSeconds(40);

    private final Surroundings around;
    private final List<FirnProcess> fleet;
    private final List<FakeClock> clocks;
    private final List<FullDisk> disks;
    private final Beside beside;
    private final Supplier<Map<Integer, Long>> ledger;
    private final Consumer<FirnProcess> supervisor;

    /**
     * The processes and what belongs to them.
     *
     * @param processes in which a rollout puts the new process
     * @param clocks of the processes, if the plan sets them
     * @param disks of the processes, if the plan fills them
     */
    record Fleet(List<FirnProcess> processes, List<FakeClock> clocks, List<FullDisk> disks) {}

    /** What is beside the pipeline, and who watches. */
    record Beside(SidePipeline pipeline, OtherUsers users, TableDamage damage, OutageWatch watch) {
        List<String> complaints() {
            return Stream.of(pipeline.complaints(), users.complaints(), damage.complaints(), watch.complaints())
                    .flatMap(List::stream)
                    .toList();
        }
    }

    /**
     * @param ledger as it is now
     * @param supervisor starts a process again that ended by itself, if it may
     */
    Faults(
            Surroundings around,
            Fleet fleet,
            Beside beside,
            Supplier<Map<Integer, Long>> ledger,
            Consumer<FirnProcess> supervisor) {
        this.around = around;
        this.fleet = fleet.processes();
        this.clocks = fleet.clocks();
        this.disks = fleet.disks();
        this.beside = beside;
        this.ledger = ledger;
        this.supervisor = supervisor;
    }

    /** @param fresh starts a new process beside the victim's */
    void strike(Strike strike, Supplier<FirnProcess> fresh) {
        FirnProcess victim = fleet.get(strike.victim());
        if (strike.joined() || strike.kind().end().isEmpty()) {
            awaitJoined(victim);
        }
        if (strike.atCommit()) {
            // The other strike of a pair may have the catalog away: then there is no answer yet.
            AtomicReference<@Nullable Map<Integer, Long>> before = new AtomicReference<>();
            Eventually.holds(
                    "another commit",
                    SOON,
                    LOOK,
                    () -> {
                        Map<Integer, Long> now = ledger.get();
                        return !before.compareAndSet(null, now) && !now.equals(before.get());
                    },
                    victim::tailAndThreads);
        }
        pause(strike.waitMillis());
        switch (strike.kind()) {
            case KILL -> killed(strike, victim);
            case FREEZE -> frozen(strike, victim);
            case RESTART -> restarted(victim);
            case ROLLOUT -> rolledOut(strike, victim, fresh);
            case BROKER_KILL -> brokerKilled(strike);
            case CATALOG_RESTART -> catalogRestarted(strike);
            case STORE_KILL -> storeKilled(strike);
            case CLOCK_JUMP -> clockSet(strike);
            case DISK_FULL -> diskFilled(strike, victim);
            case BAD_RECORD_BESIDE -> beside.pipeline().fail(fleet, strike.lengthMillis());
            case TABLE_CHANGED -> beside.users().changeTable(strike);
            case GROUP_JOINED -> beside.users().joinGroup(strike, fleet);
            case LOCATION_SHARED -> beside.users().shareLocation(strike);
            case BROKER_AWAY, CATALOG_AWAY, STORE_AWAY -> away(strike);
            case RIGHT_WITHDRAWN -> beside.users().withdrawRight(beside.watch(), length(strike));
            case TABLE_RENAMED_AWAY -> beside.damage().renameAway(strike, length(strike));
            case PROPERTIES_SET -> {
                beside.users().setProperties(strike, fleet);
                beside.damage().restartFailed();
            }
            case STAGED_ROWS_DELETED -> beside.damage().deleteStagedRows();
            case KEYED_ROLLED_BACK -> beside.damage().rollBack(strike);
            case STORE_THROTTLES, STORE_CUTS, STORE_FULL -> badDay(strike);
            default -> onNetworks(strike);
        }
    }

    private void awaitJoined(FirnProcess process) {
        Eventually.holds(
                process.name() + " is given partitions",
                SOON,
                LOOK,
                () -> {
                    supervisor.accept(process);
                    return process.hasJoined();
                },
                process::tailAndThreads);
    }

    private static void pause(long millis) {
        Eventually.pause(Duration.ofMillis(millis));
    }

    private static void killed(Strike strike, FirnProcess victim) {
        victim.kill9();
        pause(strike.lengthMillis() / 2);
        victim.start();
    }

    private static void frozen(Strike strike, FirnProcess victim) {
        victim.freeze();
        pause(BrokerProcess.SESSION_TIMEOUT.toMillis() + 1500 + strike.lengthMillis() / 4);
        victim.thaw();
    }

    private static void restarted(FirnProcess victim) {
        end(victim);
        victim.start();
    }

    /** With 0, or, where another fault keeps it from committing what it has, with 1 and a word about that. */
    private static void end(FirnProcess victim) {
        int code = victim.terminate();
        boolean withoutTheRest =
                code == 1 && victim.outputSinceStart().contains("Stopped before everything was committed");
        if (!withoutTheRest) {
            assertThat(code).as("exit code after SIGTERM: %s", victim.tail()).isZero();
        }
    }

    private void rolledOut(Strike strike, FirnProcess old, Supplier<FirnProcess> fresh) {
        FirnProcess next = fresh.get().start();
        fleet.set(strike.victim(), next);
        try (old) {
            awaitJoined(next);
            end(old);
        }
    }

    // Both processes have the same servers: two strikes of a pair at one of them come one after the other.

    private void brokerKilled(Strike strike) {
        synchronized (around.broker()) {
            around.broker().kill9();
            pause(strike.lengthMillis());
            around.broker().restart();
        }
    }

    private void catalogRestarted(Strike strike) {
        synchronized (around.catalog()) {
            around.catalog().away();
            pause(strike.lengthMillis());
            around.catalog().back();
        }
    }

    private void storeKilled(Strike strike) {
        synchronized (around.store()) {
            around.store().kill9();
            pause(strike.lengthMillis());
            around.store().restart();
        }
    }

    private static Duration length(Strike strike) {
        return SHORTEST_AWAY.plusMillis((long) (strike.strength() * MORE_AWAY.toMillis()));
    }

    private void away(Strike strike) {
        String what = strike.kind().flag();
        Duration length = length(strike);
        switch (strike.kind()) {
            case BROKER_AWAY -> {
                synchronized (around.broker()) {
                    beside.watch().during(what, around.broker()::kill9, around.broker()::restart, length);
                }
            }
            case CATALOG_AWAY -> {
                synchronized (around.catalog()) {
                    beside.watch().during(what, around.catalog()::away, around.catalog()::back, length);
                }
            }
            default -> {
                synchronized (around.store()) {
                    beside.watch().during(what, around.store()::kill9, around.store()::restart, length);
                }
            }
        }
    }

    private void clockSet(Strike strike) {
        FakeClock clock = clocks.get(strike.victim());
        double share = 2 * strike.strength() - 1;
        clock.set(Duration.ofSeconds((long) (share * (share < 0 ? MOST_BEHIND : MOST_AHEAD).toSeconds())));
        pause(FakeClock.NOTICED_WITHIN.toMillis() + strike.lengthMillis());
        clock.set(Duration.ZERO);
        pause(FakeClock.NOTICED_WITHIN.toMillis());
    }

    private void diskFilled(Strike strike, FirnProcess victim) {
        FullDisk disk = disks.get(strike.victim());
        long before = disk.refused();
        disk.fill();
        try {
            pause(FullDisk.NOTICED_WITHIN.toMillis() + strike.lengthMillis());
            Eventually.holds("the full disk is met", SOON, LOOK, () -> disk.refused() > before, victim::tailAndThreads);
        } finally {
            disk.free();
        }
    }

    private void badDay(Strike strike) {
        FaultyS3 store = around.badDays();
        synchronized (store) {
            int before = met(store);
            switch (strike.kind()) {
                case STORE_THROTTLES -> store.throttle();
                case STORE_CUTS -> store.cutOneUploadIn(2);
                default -> store.fill();
            }
            pause(strike.lengthMillis());
            Eventually.holds("the store's fault is met", SOON, () -> met(store) > before, this::tails);
            store.calm();
        }
    }

    private static int met(FaultyS3 store) {
        return store.throttled() + store.cut() + store.refusedAsFull();
    }

    private void onNetworks(Strike strike) {
        List<TcpProxy> proxies = (strike.both() ? List.of(0, 1) : List.of(strike.victim()))
                .stream()
                        .map(around::network)
                        .map(network -> proxy(network, strike))
                        .toList();
        int answersBefore = lost(proxies);
        proxies.forEach(proxy -> begin(proxy, strike));
        pause(strike.kind().name().endsWith("RESET") ? 50 : strike.lengthMillis());
        if (strike.kind().name().endsWith("ANSWER_LOST")) {
            Eventually.holds("an answer is lost", SOON, () -> lost(proxies) > answersBefore, this::tails);
        }
        proxies.forEach(TcpProxy::calm);
    }

    private static TcpProxy proxy(Network network, Strike strike) {
        return network.to(strike.kind().end().orElseThrow()).orElseThrow();
    }

    private static int lost(List<TcpProxy> proxies) {
        return proxies.stream().mapToInt(TcpProxy::lostAnswers).sum();
    }

    private static void begin(TcpProxy proxy, Strike strike) {
        switch (strike.kind()) {
            case KAFKA_LATE, CATALOG_LATE, STORE_LATE ->
                proxy.delay(Duration.ofMillis(20 + (long) (600 * strike.strength())));
            case KAFKA_NARROW, CATALOG_NARROW, STORE_NARROW -> proxy.limit(1_000 + (long) (30_000 * strike.strength()));
            case KAFKA_PARTITION, CATALOG_PARTITION, STORE_PARTITION -> proxy.partition();
            case KAFKA_RESET, CATALOG_RESET, STORE_RESET -> proxy.resetAll();
            case KAFKA_ANSWER_LOST, CATALOG_ANSWER_LOST, STORE_ANSWER_LOST -> proxy.loseAnswers();
            default -> throw new IllegalArgumentException(strike.kind() + " is no fault of a network");
        }
    }

    private String tails() {
        return fleet.get(0).tailAndThreads() + fleet.get(1).tailAndThreads();
    }
}
