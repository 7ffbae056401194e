package io.firn.deploy.maintain;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.CommitTurns;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.config.ConfigFile;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.maintain.MaintainedTable.Role;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.PipelineHealth.Level;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Maintenance on a clock that moves when the test says so, over real tables. */
final class LaneTest {
    private static final String CONFIGURATION = """
            kafka: {bootstrap.servers: 'broker:9092'}
            catalog: {type: rest}
            pipelines:
              first:
                topics: [first]
                table: shop.first
                schema: "id string not null, v long"
                mode: upsert
                key: [id]
                merge: {interval: 1m, rows: 2}
                maintenance: {interval: 1m, max-time: 1m}
              second:
                topics: [second]
                table: shop.second
                schema: "id string not null, v long"
                mode: upsert
                key: [id]
                merge: {interval: 1m, rows: 1000}
                maintenance: {interval: 1m, max-time: 1m}
            """;

    private final Time time = new Time();
    private final PipelineHealth health = new PipelineHealth(time);
    private final Map<String, Long> staged = new HashMap<>();
    private long seed = 7;

    @TempDir
    private Path folder;

    private Catalog catalog;
    private Map<String, PipelineConfig> pipelines;

    /** Stands still. */
    private static final class Time extends Clock {
        private Instant now = Instant.now();

        void pass(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @BeforeEach
    void openCatalog() throws IOException {
        catalog = Catalogs.open(Map.of(
                "type",
                "jdbc",
                "uri",
                "jdbc:sqlite:" + folder.resolve("catalog.db"),
                "warehouse",
                folder.resolve("warehouse").toUri().toString(),
                "jdbc.schema-version",
                "V1"));
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
        Path file = Files.writeString(folder.resolve("firn.yaml"), CONFIGURATION);
        Configuration configuration = new ConfigFile(name -> null).read(file);
        pipelines = configuration.pipelines();
    }

    @AfterEach
    void closeCatalog() throws IOException {
        ((Closeable) catalog).close();
    }

    @Test
    void mergesKeepToTheirInterval() throws IOException {
        Lane lane = lane(Target.merges(table("second", Role.KEYED), time.instant()));
        stage("second", 5);
        untilIdle(lane);
        assertThat(merges("second")).isEqualTo(1);

        stage("second", 5);
        time.pass(Duration.ofSeconds(59));
        untilIdle(lane);
        assertThat(merges("second")).isEqualTo(1);

        time.pass(Duration.ofSeconds(16));
        untilIdle(lane);
        assertThat(merges("second")).isEqualTo(2);

        time.pass(Duration.ofHours(1));
        untilIdle(lane);
        assertThat(merges("second")).as("nothing is staged").isEqualTo(2);
    }

    @Test
    void manyStagedRowsAreMergedBeforeTheIntervalIsOver() throws IOException {
        Lane lane = lane(Target.merges(table("first", Role.KEYED), time.instant()));
        stage("first", 1);
        untilIdle(lane);
        assertThat(merges("first")).isEqualTo(1);

        stage("first", 2);
        time.pass(Duration.ofSeconds(16));
        untilIdle(lane);
        assertThat(merges("first")).isEqualTo(2);
    }

    @Test
    void aTableThatAlwaysHasMoreToMergeDoesNotKeepTheNextOneWaiting() throws IOException {
        stage("first", 40);
        stage("second", 5);
        Lane lane = lane(
                Target.merges(table("first", Role.KEYED), time.instant()),
                Target.merges(table("second", Role.KEYED), time.instant()));
        for (int turn = 0; turn < 60 && merges("second") == 0; turn++) {
            lane.turn(name -> false);
            // Each run takes longer than the time between two looks, and ends by its budget.
            time.pass(Duration.ofMinutes(2));
        }
        assertThat(merges("second")).isEqualTo(1);
        assertThat(merges("first")).as("has more to do").isBetween(1, 19);
    }

    @Test
    void whatFailsIsTriedAgainLaterEachTime() throws IOException {
        stage("first", 5);
        List<Path> staged = hideStagedFiles();
        Lane lane = lane(Target.merges(table("first", Role.KEYED), time.instant()));
        assertThat(hasTried(lane)).isTrue();
        for (Duration full : List.of(Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(2))) {
            time.pass(full.dividedBy(2).minusMillis(1));
            assertThat(hasTried(lane)).as("half of %s is not over", full).isFalse();
            time.pass(full.dividedBy(2).plusSeconds(16));
            assertThat(hasTried(lane)).as("%s are over", full).isTrue();
        }
        assertThat(merges("first")).isZero();
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.level()).isEqualTo(Level.WARNING);
            assertThat(trouble.reason())
                    .contains("a file that the table needs is not in the store", "first_staging", ".parquet")
                    .contains("failed 4 times since");
        });
        assertThat(hasTried(lane)).as("held back").isFalse();
        assertThat(health.troubles())
                .as("held back does not mean that it works")
                .hasSize(1);

        time.pass(Duration.ofMinutes(8));
        assertThat(hasTried(lane)).isTrue();
        assertThat(health.troubles()).singleElement().satisfies(trouble -> assertThat(trouble.level())
                .as("10 min of failures make the pipeline not ready")
                .isEqualTo(Level.OUTAGE));

        for (Path file : staged) {
            Files.move(file, unhidden(file));
        }
        time.pass(Duration.ofMinutes(20));
        assertThat(hasTried(lane)).isTrue();
        assertThat(merges("first")).isPositive();
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void mergeThatAPersonHasToHelpMakesThePipelineNotReadyAtOnce() throws IOException {
        stage("first", 5);
        Table keyed = catalog.loadTable(TableIdentifier.of("shop", "first"));
        keyed.updateProperties().set("firn.delete-when", "v = 1").commit();
        Lane lane = lane(Target.merges(table("first", Role.KEYED), time.instant()));
        untilIdle(lane);
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.level()).isEqualTo(Level.OUTAGE);
            assertThat(trouble.reason()).contains("made with delete-when 'v = 1'", "firn rebuild shop.first");
        });

        keyed.updateProperties().set("firn.delete-when", "").commit();
        time.pass(Duration.ofMinutes(2));
        untilIdle(lane);
        assertThat(health.troubles()).isEmpty();
        assertThat(merges("first")).isPositive();
    }

    @Test
    void mergeThatFailedIsTriedAgainSoonAfterAnotherProcessMerged() throws IOException {
        stage("first", 5);
        List<Path> hidden = hideStagedFiles();
        Lane lane = lane(Target.merges(table("first", Role.KEYED), time.instant()));
        for (int failures = 0; failures < 6; failures++) {
            assertThat(hasTried(lane)).isTrue();
            time.pass(Duration.ofMinutes(20));
        }
        assertThat(hasTried(lane)).isTrue();
        assertThat(health.troubles()).hasSize(1);

        for (Path file : hidden) {
            Files.move(file, unhidden(file));
        }
        untilIdle(lane(Target.merges(table("first", Role.KEYED), time.instant())));
        assertThat(merges("first")).as("until nothing is left").isEqualTo(3);
        time.pass(Duration.ofSeconds(30));
        assertThat(hasTried(lane)).isTrue();
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void mergeCreatesNoTableThatIsGone() throws IOException {
        stage("first", 5);
        Lane lane = lane(Target.merges(table("first", Role.KEYED), time.instant()));
        untilIdle(lane);
        int before = merges("first");
        stage("first", 5);
        TableIdentifier deletes = TableIdentifier.of("shop", "first_deletes");
        catalog.renameTable(deletes, TableIdentifier.of("shop", "renamed"));

        time.pass(Duration.ofMinutes(2));
        untilIdle(lane);

        assertThat(catalog.tableExists(deletes)).as("created anew and empty").isFalse();
        assertThat(merges("first")).isEqualTo(before);
        assertThat(health.troubles()).singleElement().satisfies(trouble -> assertThat(trouble.reason())
                .contains("first_deletes"));
    }

    private List<Path> hideStagedFiles() throws IOException {
        List<Path> hidden = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder.resolve("warehouse/shop"))) {
            for (Path file : files.filter(each -> each.toString().matches(".*/first_staging[^/]*/data/.*\\.parquet"))
                    .toList()) {
                hidden.add(Files.move(file, file.resolveSibling(file.getFileName() + ".hidden")));
            }
        }
        assertThat(hidden).isNotEmpty();
        return hidden;
    }

    private static Path unhidden(Path file) {
        return file.resolveSibling(file.getFileName().toString().replace(".hidden", ""));
    }

    /** Turns until there is nothing to do now; whether a job was begun. */
    private static boolean hasTried(Lane lane) {
        boolean tried = false;
        int turns = 0;
        while (lane.turn(name -> false).isZero() || lane.busyWith().isPresent()) {
            tried |= lane.busyWith().isPresent();
            assertThat(turns++).isLessThan(1_000);
        }
        return tried;
    }

    @Test
    void aTableThatAnotherLaneWorksOnIsLeftAlone() throws IOException {
        stage("second", 5);
        Lane merging = lane(Target.merges(table("second", Role.KEYED), time.instant()));
        Lane rest = lane(Target.maintenance(table("second", Role.KEYED), time.instant()));
        untilIdle(merging);
        stage("second", 5);
        time.pass(Duration.ofDays(2));
        merging.turn(name -> rest.busyWith().filter(name::equals).isPresent());
        assertThat(merging.busyWith()).contains("shop.second");

        while (merging.busyWith().isPresent()) {
            rest.turn(name -> merging.busyWith().filter(name::equals).isPresent());
            assertThat(rest.busyWith()).isEmpty();
            merging.turn(name -> rest.busyWith().filter(name::equals).isPresent());
        }
        rest.turn(name -> merging.busyWith().filter(name::equals).isPresent());
        assertThat(rest.busyWith()).contains("shop.second");
    }

    private Lane lane(Target... targets) {
        JobFactory jobs =
                new JobFactory(catalog, time, () -> new Random(seed++), new CommitTurns(time), Optional.empty());
        return new Lane(List.of(targets), jobs, states(), time, new Random(7), merged -> {});
    }

    private PipelineStates states() {
        return new PipelineStates() {
            @Override
            public boolean hasOpened(String pipeline) {
                return true;
            }

            @Override
            public PipelineHealth health(String pipeline) {
                return health;
            }
        };
    }

    private MaintainedTable table(String pipeline, Role role) {
        return MaintainedTable.of(pipelines).stream()
                .filter(table -> table.pipeline().equals(pipeline) && table.role() == role)
                .findFirst()
                .orElseThrow();
    }

    /** Turns on the spot, until there is nothing to do now. */
    private static void untilIdle(Lane lane) {
        int turns = 0;
        while (lane.turn(name -> false).isZero() || lane.busyWith().isPresent()) {
            assertThat(turns++).isLessThan(1_000);
        }
    }

    private int merges(String pipeline) {
        int merges = 0;
        for (Snapshot snapshot :
                catalog.loadTable(TableIdentifier.of("shop", pipeline)).snapshots()) {
            merges += "merge".equals(snapshot.summary().get("firn.operation")) ? 1 : 0;
        }
        return merges;
    }

    /** Rows of new keys, committed as ingestion commits them. */
    private void stage(String pipeline, int rows) throws IOException {
        UpsertTables tables = UpsertParts.of(Objects.requireNonNull(pipelines.get(pipeline)), new Tables(catalog))
                .orElseThrow()
                .open(new Tables(catalog));
        long from = staged.getOrDefault(pipeline, 0L);
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(
                new SourcePartition(pipeline, "id-of-" + pipeline, 0),
                new PartitionStep(
                        from == 0 ? OptionalLong.empty() : OptionalLong.of(from),
                        new OffsetRange(from, from + rows),
                        OptionalLong.empty(),
                        List.of(),
                        new TreeMap<>(),
                        Optional.empty()));
        TableCommit commit = new TableCommit(
                UUID.randomUUID(),
                pipeline,
                TableCommit.Operation.APPEND,
                List.of(write(tables.staging(), pipeline, from, rows)),
                steps);
        assertThat(new TableCommitter(tables.staging(), new Random(1), MissingLedger.REFUSE).attempt(commit))
                .isInstanceOf(CommitOutcome.Committed.class);
        staged.put(pipeline, from + rows);
    }

    private static DataFile write(Table table, String topic, long from, int rows) throws IOException {
        DataWriter<Record> writer = Parquet.writeData(OutputFileFactory.builderFor(table, 0, 0)
                        .format(FileFormat.PARQUET)
                        .build()
                        .newOutputFile())
                .forTable(table)
                .withSpec(table.spec())
                .createWriterFunc(GenericParquetWriter::create)
                .build();
        try (writer) {
            for (long offset = from; offset < from + rows; offset++) {
                Record record = GenericRecord.create(table.schema());
                record.setField("id", "key-" + offset);
                record.setField("v", offset);
                record.setField("_source_topic", topic);
                record.setField("_source_partition", 0);
                record.setField("_source_offset", offset);
                record.setField(
                        "_source_timestamp", Instant.ofEpochSecond(offset).atOffset(ZoneOffset.UTC));
                record.setField("_source_tombstone", false);
                writer.write(record);
            }
        }
        return writer.toDataFile();
    }
}
