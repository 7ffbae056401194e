package io.firn.deploy.chaos;

import io.firn.deploy.rig.Network.To;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What can go wrong. The names are those of {@code deploy/chaos/run --faults}. */
enum FaultKind {
    KILL("kill -9 of a Firn process"),
    FREEZE("SIGSTOP beyond the session's time-out, SIGCONT"),
    RESTART("clean restart of a Firn process"),
    ROLLOUT("a new process beside the old one, then SIGTERM to the old one"),
    KAFKA_LATE("network to Kafka: latency", To.KAFKA),
    KAFKA_NARROW("network to Kafka: little bandwidth", To.KAFKA),
    KAFKA_PARTITION("network to Kafka: partition, half-open", To.KAFKA),
    KAFKA_RESET("network to Kafka: connections reset", To.KAFKA),
    KAFKA_ANSWER_LOST("network to Kafka: request passed, answer lost", To.KAFKA),
    CATALOG_LATE("network to the catalog: latency", To.CATALOG),
    CATALOG_NARROW("network to the catalog: little bandwidth", To.CATALOG),
    CATALOG_PARTITION("network to the catalog: partition, half-open", To.CATALOG),
    CATALOG_RESET("network to the catalog: connections reset", To.CATALOG),
    CATALOG_ANSWER_LOST("network to the catalog: request passed, answer lost", To.CATALOG),
    STORE_LATE("network to the store: latency", To.STORE),
    STORE_NARROW("network to the store: little bandwidth", To.STORE),
    STORE_PARTITION("network to the store: partition, half-open", To.STORE),
    STORE_RESET("network to the store: connections reset", To.STORE),
    STORE_ANSWER_LOST("network to the store: request passed, answer lost", To.STORE),
    BROKER_KILL("kill -9 of the broker, back after seconds"),
    CATALOG_RESTART("catalog stopped, back after seconds"),
    STORE_KILL("kill -9 of the store, back after seconds"),
    STORE_THROTTLES("store answers 503 SlowDown"),
    STORE_CUTS("store: uploads cut half-way or after they took effect"),
    STORE_FULL("store is full: 507 for every upload"),
    CLOCK_JUMP("clock of a Firn process up to 10 min back or 2 min ahead, then right"),
    DISK_FULL("local disk of a Firn process is full: nothing can be written to a file"),
    BAD_RECORD_BESIDE("another pipeline of the processes fails on a bad record, and is restarted alone"),
    TABLE_CHANGED("another engine changes schema, codec and partition spec of the table"),
    GROUP_JOINED("another client joins the consumer group, and leaves"),
    LOCATION_SHARED("another table in the table's location, and the orphan job"),
    BROKER_AWAY("broker away for up to a minute, which must be visible within 10 s"),
    CATALOG_AWAY("catalog away for up to a minute, which must be visible within 10 s"),
    STORE_AWAY("store away for up to a minute, which must be visible within 10 s"),
    RIGHT_WITHDRAWN("right to read the topic withdrawn for up to a minute, which must be visible within 10 s"),
    TABLE_RENAMED_AWAY("table renamed away for up to a minute, which must be visible within 10 s"),
    PROPERTIES_SET("another engine sets table properties, also one that Firn refuses, which must be visible"),
    STAGED_ROWS_DELETED("another engine deletes rows of staging, which must be visible; a backfill stages them again"),
    KEYED_ROLLED_BACK("keyed table rolled back, with its staged rows or without; then as above");

    private final String text;
    private final @Nullable To end;

    /** Kinds that are one row of a short table. */
    enum Group {
        KILLED("kill -9 of a Firn process"),
        PROCESS("frozen beyond the session's time-out, restarted, replaced by another"),
        TO_KAFKA("network to Kafka late, narrow, half-open, reset, answers lost"),
        TO_CATALOG("network to the catalog, the same five"),
        TO_STORE("network to the store, the same five"),
        SERVER("broker, catalog or store killed or stopped"),
        STORE("store throttles, cuts uploads off, is full"),
        CLOCK("clock of a Firn process jumps by minutes, forward and back"),
        DISK("local disk of a Firn process is full"),
        OTHERS("another pipeline, engine, client or table interferes"),
        AWAY("broker, catalog, store, table or right away for up to a minute, seen by its users within 10 s"),
        DAMAGE("another engine sets properties, deletes staged rows, rolls the keyed table back; then repaired");

        private final String text;

        Group(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    FaultKind(String text) {
        this.text = text;
        this.end = null;
    }

    FaultKind(String text, To end) {
        this.text = text;
        this.end = end;
    }

    /** In words, for the table. */
    String text() {
        return text;
    }

    /** Which network it is about; empty for other faults. */
    Optional<To> end() {
        return Optional.ofNullable(end);
    }

    Group group() {
        return switch (this) {
            case KILL -> Group.KILLED;
            case FREEZE, RESTART, ROLLOUT -> Group.PROCESS;
            case KAFKA_LATE, KAFKA_NARROW, KAFKA_PARTITION, KAFKA_RESET, KAFKA_ANSWER_LOST -> Group.TO_KAFKA;
            case CATALOG_LATE, CATALOG_NARROW, CATALOG_PARTITION, CATALOG_RESET, CATALOG_ANSWER_LOST ->
                Group.TO_CATALOG;
            case STORE_LATE, STORE_NARROW, STORE_PARTITION, STORE_RESET, STORE_ANSWER_LOST -> Group.TO_STORE;
            case BROKER_KILL, CATALOG_RESTART, STORE_KILL -> Group.SERVER;
            case STORE_THROTTLES, STORE_CUTS, STORE_FULL -> Group.STORE;
            case CLOCK_JUMP -> Group.CLOCK;
            case DISK_FULL -> Group.DISK;
            case BAD_RECORD_BESIDE, TABLE_CHANGED, GROUP_JOINED, LOCATION_SHARED -> Group.OTHERS;
            case BROKER_AWAY, CATALOG_AWAY, STORE_AWAY, RIGHT_WITHDRAWN, TABLE_RENAMED_AWAY -> Group.AWAY;
            case PROPERTIES_SET, STAGED_ROWS_DELETED, KEYED_ROLLED_BACK -> Group.DAMAGE;
        };
    }

    /** Whether there must be a keyed table and its staging table. */
    boolean isOfUpsert() {
        return this == STAGED_ROWS_DELETED || this == KEYED_ROLLED_BACK;
    }

    /** As it is written on the command line. */
    String flag() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * By names, by {@code network} (those fifteen; {@code network-kafka} and so on five of them) or {@code all}, each
     * with how often it is wanted where that is not once, as {@code all,kill*5,broker-kill*0}: what is said last of a
     * kind holds.
     *
     * @return each as often as it is wanted, in one order whatever the order of the flags
     */
    static List<FaultKind> parse(String flags) {
        Map<FaultKind, Integer> times = new EnumMap<>(FaultKind.class);
        for (String flag : flags.split(",")) {
            int star = flag.indexOf('*');
            String name = star < 0 ? flag : flag.substring(0, star);
            int wanted = star < 0 ? 1 : Integer.parseInt(flag.substring(star + 1));
            List<FaultKind> found = Arrays.stream(values())
                    .filter(kind -> name.equals("all")
                            || name.equals("network") && kind.end().isPresent()
                            || kind.end()
                                    .filter(end ->
                                            name.equals("network-" + end.name().toLowerCase(Locale.ROOT)))
                                    .isPresent()
                            || name.equals(kind.flag()))
                    .toList();
            if (found.isEmpty()) {
                throw new IllegalArgumentException("there is no fault '" + name + "'; there are "
                        + Arrays.stream(values()).map(FaultKind::flag).toList());
            }
            found.forEach(kind -> times.put(kind, wanted));
        }
        return times.entrySet().stream()
                .flatMap(each -> Collections.nCopies(each.getValue(), each.getKey()).stream())
                .toList();
    }
}
