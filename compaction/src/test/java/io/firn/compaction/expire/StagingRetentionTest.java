package io.firn.compaction.expire;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.compaction.Budget;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import io.firn.compaction.plan.DebtReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
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
            NestedField.optional(4, "_source_offset", Types.LongType.get()));

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
            lake.ingest("orders_staging", TestFiles.data(staging, rows(file * 10L, "orders")));
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

        assertThat(TestLake.rows(staging)).containsExactly("77, null, null, null");
    }

    @Test
    void theLagIsWhatIsNotMerged() {
        merge(25);
        staging.refresh();
        keyed.refresh();
        assertThat(DebtReader.lag(staging, keyed).rows()).isEqualTo(15);
    }

    private Table create(String name) {
        return lake.create(name, SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", "2"));
    }

    /** What a merge says of itself: the keyed table's own ledger. */
    private void merge(long next) {
        TreeMap<io.firn.catalog.ledger.SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(
                TestLake.P0,
                new PartitionStep(
                        OptionalLong.empty(),
                        new OffsetRange(0, next),
                        OptionalLong.empty(),
                        List.of(),
                        new TreeMap<>()));
        new TableCommitter(lake.open("orders"), new Random(1), MissingLedger.REFUSE)
                .attempt(new TableCommit(
                        UUID.randomUUID(), TestLake.PIPELINE, TableCommit.Operation.MERGE, List.of(), steps));
    }

    private JobResult run(Duration later) {
        return TestLake.run(new StagingRetention(
                lake.later(staging, later), keyed, StagingRetention.DEFAULT_KEEP, Budget.UNLIMITED));
    }

    private static List<Record> rows(long first, String topic) {
        List<Record> rows = new ArrayList<>();
        for (long offset = first; offset < first + 10; offset++) {
            Record row = GenericRecord.create(SCHEMA);
            row.setField("id", offset);
            row.setField("_source_topic", topic);
            row.setField("_source_partition", 0);
            row.setField("_source_offset", offset);
            rows.add(row);
        }
        return rows;
    }
}
