package io.firn.compaction.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.ConditionText;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.schema.SqlDialect;
import io.firn.catalog.upsert.UpsertColumns;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.iceberg.Schema;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The query, run by a real engine, against a fold that is told in the plainest way. */
class LatestSqlTest {
    private static final Schema SCHEMA = SourceColumns.appendTo(SchemaText.parse("id long not null, region string not"
            + " null, version long, op string, note string, tags list<string>, place struct<city string, lat double>"));
    private static final int PARTITIONS = 3;

    private Connection engine;
    private boolean again;

    /** The record has no timestamp in Kafka. */
    private static final long NO_TIME = Long.MIN_VALUE;

    /** One record of the topic and where it stands; times may go back within a partition. */
    private record Event(
            int key,
            @Nullable Long version,
            @Nullable String op,
            boolean tombstone,
            int partition,
            long offset,
            long time) {
        boolean deletes() {
            return tombstone || "d".equals(op);
        }
    }

    private record Ordered(Event event, long orderTime) {}

    @BeforeEach
    void openEngine() throws SQLException {
        engine = DriverManager.getConnection("jdbc:duckdb:");
        execute("create schema shop");
        String columns = "id bigint, region varchar, version bigint, op varchar, note varchar, tags varchar[],"
                + " place struct(city varchar, lat double), _source_topic varchar, _source_partition integer,"
                + " _source_offset bigint, _source_timestamp timestamp with time zone, _source_topic_id varchar";
        execute("create table shop.orders (" + columns + ", _order_timestamp timestamp with time zone)");
        execute("create table shop.orders_staging (" + columns + ", _source_tombstone boolean)");
        execute("create table shop.orders_deletes (id bigint, region varchar, version bigint, _source_topic varchar,"
                + " _source_partition integer, _source_offset bigint, _source_timestamp timestamp with time zone,"
                + " _source_topic_id varchar, _order_timestamp timestamp with time zone)");
    }

    @AfterEach
    void closeEngine() throws SQLException {
        engine.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void answersWithTheLatestRecordOfEachKeyWhateverIsMergedSoFar(boolean versioned) throws SQLException {
        for (int seed = 0; seed < 10; seed++) {
            Random random = new Random(seed);
            List<Event> topic = topic(random);
            long[] merged = random.longs(PARTITIONS, 0, 60).toArray();
            long[] kept = random.longs(PARTITIONS, 0, 60).toArray();
            fill(topic, merged, kept, versioned);

            assertThat(answer(merged, versioned)).as("seed %d", seed).isEqualTo(alive(fold(topic, versioned)));
        }
    }

    /** The first of the partitions is then of the topic that was, the others are of the one that took its place. */
    @Test
    void theSameOfATopicThatWasCreatedAgain() throws SQLException {
        again = true;
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            List<Event> topic = topic(random);
            long[] merged = random.longs(PARTITIONS, 0, 60).toArray();
            if (random.nextBoolean()) {
                merged[0] = 60;
            } else {
                Arrays.fill(merged, 1, PARTITIONS, 0);
            }
            fill(topic, merged, new long[PARTITIONS], false);

            assertThat(answer(merged, false)).as("seed %d", seed).isEqualTo(alive(fold(topic, false)));
        }
    }

    private List<Event> topic(Random random) {
        List<Event> topic = new ArrayList<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            for (long offset = 0; offset < 60; offset++) {
                boolean tombstone = random.nextInt(8) == 0;
                topic.add(new Event(
                        random.nextInt(25),
                        random.nextInt(6) == 0 ? null : (long) random.nextInt(4),
                        tombstone ? null : random.nextInt(6) == 0 ? "d" : "u",
                        tombstone,
                        partition,
                        offset,
                        random.nextInt(8) == 0 ? NO_TIME : offset + random.nextInt(20)));
            }
        }
        return topic;
    }

    /** Staging has lost rows that are merged, as its retention may have it. */
    private void fill(List<Event> topic, long[] merged, long[] kept, boolean versioned) throws SQLException {
        for (String table : List.of("orders", "orders_staging", "orders_deletes")) {
            execute("delete from shop." + table);
        }
        List<Event> folded = topic.stream()
                .filter(event -> event.offset() < merged[event.partition()])
                .toList();
        for (Ordered winner : fold(folded, versioned)) {
            if (winner.event().deletes()) {
                execute("insert into shop.orders_deletes values (" + key(winner.event()) + ", "
                        + winner.event().version() + ", " + position(winner.event()) + ", "
                        + time(winner.orderTime()) + ")");
            } else {
                execute("insert into shop.orders values (" + row(winner.event()) + ", " + time(winner.orderTime())
                        + ")");
            }
        }
        for (Event event : topic) {
            if (event.offset() >= Math.min(kept[event.partition()], merged[event.partition()])) {
                execute("insert into shop.orders_staging values (" + row(event) + ", " + event.tombstone() + ")");
            }
        }
    }

    private Map<Integer, String> answer(long[] merged, boolean versioned) throws SQLException {
        Schema keyed = new Schema(java.util.stream.Stream.concat(
                        SCHEMA.columns().stream(),
                        java.util.stream.Stream.of(
                                NestedField.optional(999, UpsertColumns.TOPIC_ID, Types.StringType.get()),
                                NestedField.optional(
                                        1000, UpsertColumns.ORDER_TIMESTAMP, Types.TimestampType.withZone())))
                .toList());
        LatestTables tables = new LatestTables(
                TableIdentifier.of("shop", "orders"),
                TableIdentifier.of("shop", "orders_staging"),
                TableIdentifier.of("shop", "orders_deletes"),
                keyed,
                List.of("id", "region"),
                versioned ? Optional.of("version") : Optional.empty(),
                Optional.of(ConditionText.parse(keyed, "op = 'd'")));
        Ledger ledger = Ledger.empty().with("orders", entries(merged, 0, again ? 1 : PARTITIONS));
        if (again && merged[0] == 60) {
            ledger = ledger.with("orders", entries(merged, 1, PARTITIONS));
        }
        String query = new LatestSql(tables, ledger, SqlDialect.DUCKDB).query();
        Map<Integer, String> answer = new TreeMap<>();
        try (Statement statement = engine.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                String position = rows.getString("note");
                assertThat(answer.put(rows.getInt("id"), position))
                        .as("one row a key")
                        .isNull();
                assertThat(position).endsWith("-" + rows.getLong("_source_offset"));
            }
        }
        return answer;
    }

    private Map<SourcePartition, PartitionEntry> entries(long[] merged, int first, int end) {
        Map<SourcePartition, PartitionEntry> entries = new TreeMap<>();
        for (int partition = first; partition < end; partition++) {
            entries.put(
                    new SourcePartition("orders", id(partition), number(partition)),
                    new PartitionEntry(0, merged[partition], OptionalLong.empty(), List.<OffsetRange>of()));
        }
        return entries;
    }

    private String id(int partition) {
        return again && partition == 0 ? "before" : "now";
    }

    private int number(int partition) {
        return again ? Math.max(0, partition - 1) : partition;
    }

    private static Map<Integer, String> alive(Collection<Ordered> winners) {
        Map<Integer, String> alive = new TreeMap<>();
        for (Ordered winner : winners) {
            if (!winner.event().deletes()) {
                alive.put(
                        winner.event().key(),
                        winner.event().partition() + "-" + winner.event().offset());
            }
        }
        return alive;
    }

    private static List<Ordered> fold(List<Event> events, boolean versioned) {
        List<Ordered> winners = new ArrayList<>();
        Comparator<Ordered> order = Comparator.<Ordered, Long>comparing(ordered -> version(ordered.event(), versioned))
                .thenComparing(Ordered::orderTime)
                .thenComparing(ordered -> ordered.event().partition())
                .thenComparing(ordered -> ordered.event().offset());
        for (int key : new TreeSet<>(events.stream().map(Event::key).toList())) {
            winners.add(events.stream()
                    .filter(event -> event.key() == key)
                    .map(event -> new Ordered(event, orderTime(event, events, versioned)))
                    .max(order)
                    .orElseThrow());
        }
        return winners;
    }

    private static long orderTime(Event event, List<Event> events, boolean versioned) {
        return events.stream()
                .filter(other -> other.key() == event.key()
                        && other.partition() == event.partition()
                        && other.offset() <= event.offset()
                        && version(other, versioned) == version(event, versioned))
                .mapToLong(Event::time)
                .max()
                .orElseThrow();
    }

    private static long version(Event event, boolean versioned) {
        Long version = event.version();
        return !versioned || version == null ? Long.MIN_VALUE : version;
    }

    private static String key(Event event) {
        return event.key() + ", 'eu'";
    }

    private String row(Event event) {
        String values = event.tombstone()
                ? "null, null, null"
                : "'" + event.partition() + "-" + event.offset() + "', ['x'], {'city': 'Bern', 'lat': 46.9}";
        String op = event.op() == null ? "null" : "'" + event.op() + "'";
        return key(event) + ", " + event.version() + ", " + op + ", " + values + ", " + position(event);
    }

    private String position(Event event) {
        return "'orders', " + number(event.partition()) + ", " + event.offset() + ", " + time(event.time()) + ", '"
                + id(event.partition()) + "'";
    }

    private static String time(long seconds) {
        return seconds == NO_TIME ? "null" : "to_timestamp(" + seconds + ")";
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = engine.createStatement()) {
            statement.execute(sql);
        }
    }
}
