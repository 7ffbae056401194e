package io.firn.compaction.expire;

import static io.firn.catalog.commit.TableCommit.Operation.APPEND;
import static io.firn.catalog.commit.TableCommit.Operation.MERGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.Budget;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import io.firn.compaction.plan.DebtReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagingRetentionTest {
    private static final Schema SCHEMA = new Schema(
            NestedField.required(1, "id", Types.LongType.get()),
            NestedField.optional(2, "_source_topic", Types.StringType.get()),
            NestedField.optional(3, "_source_partition", Types.IntegerType.get()),
            NestedField.optional(4, "_source_offset", Types.LongType.get()),
            NestedField.optional(5, "_source_topic_id", Types.StringType.get()));

    /** The topic of {@link TestLake#P0}, created again. */
    private static final SourcePartition AGAIN = new SourcePartition("orders", "BBBBBBBBBBBBBBBBBBBBBB", 0);

    @TempDir
    Path dir;

    private TestLake lake;
    private Table staging;
    private Table keyed;

    @BeforeEach
    void stagingOfFourFilesOfTenOffsets() {
        lake = new TestLake(dir);
        staging = create("orders_staging");
        keyed = create("orders");
        for (int file = 0; file < 4; file++) {
            lake.ingest("orders_staging", TestFiles.data(staging, rows(file * 10L, TestLake.P0)));
        }
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    @Test
    void filesThatAreMergedAsAWholeGoAfterTheirTime() {
        merge(25);
        Ledger ledger = TestLake.ledger(staging);

        JobResult result = run(Duration.ofDays(2));

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.before().rows()).isEqualTo(20);
        assertThat(TestLake.rows(staging)).hasSize(20).noneMatch(row -> row.startsWith("19,"));
        assertThat(TestLake.ledger(staging)).isEqualTo(ledger);
        assertThat(run(Duration.ofDays(2)).end()).isEqualTo(End.NOTHING);
    }

    @Test
    void mergedFilesStayForTheTimeTheyAreKept() {
        merge(40);
        assertThat(run(Duration.ofHours(1)).end()).isEqualTo(End.NOTHING);
        assertThat(TestLake.rows(staging)).hasSize(40);
    }

    @Test
    void filesOfABackfillStayUntilItIsMerged() {
        merge(25);
        accept(12);

        assertThat(run(Duration.ofDays(2)).before().rows()).isEqualTo(10);
    }

    @Test
    void noFilesGoFromUnderABackfillThatBeginsMeanwhile() {
        merge(25);
        StagingRetention job = retention(Duration.ofDays(2));
        job.turn();
        accept(12);

        assertThat(TestLake.run(job).before().rows()).isEqualTo(10);
    }

    /** Of ten offsets. */
    private void accept(long from) {
        new Backfills(lake.open("orders_staging"), new Random(1), Clock.systemUTC())
                .accept(new BackfillTask(
                        TestLake.PIPELINE,
                        TestLake.P0.topic(),
                        TestLake.P0.topicId(),
                        BackfillMode.MISSING,
                        new TreeMap<>(Map.of(0, new OffsetRange(from, from + 5))),
                        100,
                        List.of(),
                        "",
                        Instant.EPOCH));
    }

    @Test
    void nothingGoesBeforeTheFirstMerge() {
        assertThat(run(Duration.ofDays(2)).end()).isEqualTo(End.NOTHING);
    }

    @Test
    void rowsThatNoPipelineWroteStay() {
        merge(40);
        Record foreign = GenericRecord.create(SCHEMA);
        foreign.setField("id", 77L);
        staging.newAppend()
                .appendFile(TestFiles.data(staging, List.of(foreign)))
                .commit();

        run(Duration.ofDays(2));

        assertThat(TestLake.rows(staging)).containsExactly("77, null, null, null, null");
    }

    @Test
    void theLagIsWhatIsNotMerged() {
        merge(25);
        staging.refresh();
        keyed.refresh();
        assertThat(DebtReader.lag(staging, keyed).rows()).isEqualTo(15);
    }

    @Test
    void rowsOfATopicThatWasCreatedAgainStayUntilTheyAreMergedWhicheverOfThemTheyAreOf() {
        merge(25);
        Optional<String> before = Optional.of(TestLake.P0.topicId());
        OffsetRange ten = new OffsetRange(0, 10);
        DataFile file = TestFiles.data(staging, rows(0, AGAIN));
        commit("orders_staging", APPEND, AGAIN, OptionalLong.empty(), ten, before, file);

        run(Duration.ofDays(2));
        assertThat(offsets()).isEqualTo("A20-39 B0-9");
        assertThat(lag()).isEqualTo(25);

        commit("orders", MERGE, TestLake.P0, OptionalLong.of(25), new OffsetRange(25, 40), Optional.empty());
        run(Duration.ofDays(2));
        assertThat(offsets()).as("the first merge can be rolled back to").isEqualTo("A20-39 B0-9");
        forgetEarlierMerges();
        run(Duration.ofDays(2));
        assertThat(offsets()).isEqualTo("B0-9");
        assertThat(lag()).isEqualTo(10);

        commit("orders", MERGE, AGAIN, OptionalLong.empty(), ten, before);
        forgetEarlierMerges();
        run(Duration.ofDays(2));
        assertThat(TestLake.rows(staging)).isEmpty();
        assertThat(lag()).isZero();
    }

    @Test
    void aFileWithRowsOfTwoIncarnationsStaysUntilBothAreMerged() {
        merge(40);
        List<Record> mixed = rows(40, TestLake.P0);
        mixed.addAll(rows(0, AGAIN));
        commit(
                "orders_staging",
                APPEND,
                TestLake.P0,
                OptionalLong.of(40),
                new OffsetRange(40, 50),
                Optional.empty(),
                TestFiles.data(staging, mixed));
        Optional<String> before = Optional.of(TestLake.P0.topicId());
        OffsetRange sixty = new OffsetRange(0, 60);
        commit("orders_staging", APPEND, AGAIN, OptionalLong.empty(), sixty, before);
        commit("orders", MERGE, TestLake.P0, OptionalLong.of(40), new OffsetRange(40, 50), Optional.empty());

        run(Duration.ofDays(2));
        assertThat(offsets()).isEqualTo("A40-49 B0-9");

        commit("orders", MERGE, AGAIN, OptionalLong.empty(), sixty, before);
        forgetEarlierMerges();
        run(Duration.ofDays(2));
        assertThat(TestLake.rows(staging)).isEmpty();
    }

    @Test
    void rowsStayForEverySnapshotThatTheKeyedTableCanBeRolledBackTo() {
        merge(20);
        keyed.refresh();
        long first = keyed.currentSnapshot().snapshotId();
        keyed.manageSnapshots().createTag("month-end", first).commit();
        commit("orders", MERGE, TestLake.P0, OptionalLong.of(20), new OffsetRange(20, 40), Optional.empty());
        forgetEarlierMerges();
        run(Duration.ofDays(2));
        assertThat(offsets()).as("a tag holds the first merge").isEqualTo("A20-39");

        keyed.manageSnapshots().removeTag("month-end").commit();
        forgetEarlierMerges();
        run(Duration.ofDays(2));
        assertThat(TestLake.rows(staging)).isEmpty();
    }

    private void forgetEarlierMerges() {
        keyed.refresh();
        keyed.expireSnapshots().expireOlderThan(Long.MAX_VALUE).retainLast(1).commit();
    }

    private long lag() {
        staging.refresh();
        keyed.refresh();
        return DebtReader.lag(staging, keyed).rows();
    }

    /** Of each incarnation of the topic the first and the last offset that is staged. */
    private String offsets() {
        TreeMap<String, TreeSet<Long>> offsets = new TreeMap<>();
        for (String row : TestLake.rows(staging)) {
            String[] values = row.split(", ");
            offsets.computeIfAbsent(values[4].substring(0, 1), id -> new TreeSet<>())
                    .add(Long.parseLong(values[3]));
        }
        StringJoiner text = new StringJoiner(" ");
        offsets.forEach((id, all) -> text.add(id + all.first() + "-" + all.last()));
        return text.toString();
    }

    private Table create(String name) {
        return lake.create(name, SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", "2"));
    }

    /** What a merge says of itself: the keyed table's own ledger. */
    private void merge(long next) {
        commit("orders", MERGE, TestLake.P0, OptionalLong.empty(), new OffsetRange(0, next), Optional.empty());
    }

    private void commit(
            String table,
            TableCommit.Operation operation,
            SourcePartition partition,
            OptionalLong expected,
            OffsetRange range,
            Optional<String> replaced,
            DataFile... files) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(
                partition,
                new PartitionStep(expected, range, OptionalLong.empty(), List.of(), new TreeMap<>(), replaced));
        CommitOutcome outcome = new TableCommitter(lake.open(table), new Random(1), MissingLedger.REFUSE)
                .attempt(new TableCommit(UUID.randomUUID(), TestLake.PIPELINE, operation, List.of(files), steps));
        assertThat(outcome).isInstanceOf(CommitOutcome.Committed.class);
    }

    private JobResult run(Duration later) {
        return TestLake.run(retention(later));
    }

    private StagingRetention retention(Duration later) {
        return new StagingRetention(lake.later(staging, later), keyed, StagingRetention.DEFAULT_KEEP, Budget.UNLIMITED);
    }

    private static List<Record> rows(long first, SourcePartition source) {
        List<Record> rows = new ArrayList<>();
        for (long offset = first; offset < first + 10; offset++) {
            Record row = GenericRecord.create(SCHEMA);
            row.setField("id", offset);
            row.setField("_source_topic", source.topic());
            row.setField("_source_topic_id", source.topicId());
            row.setField("_source_partition", source.partition());
            row.setField("_source_offset", offset);
            rows.add(row);
        }
        return rows;
    }
}
