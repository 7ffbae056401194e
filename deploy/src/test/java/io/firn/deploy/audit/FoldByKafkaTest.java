package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.firn.catalog.Catalogs;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.StepRows;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobTurn;
import io.firn.compaction.merge.MergeJob;
import io.firn.compaction.merge.MergeSettings;
import io.firn.ingest.RowBatchWriter;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.Tombstones;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.SpanSource;
import io.firn.ingest.write.WriteSettings;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The keyed table is judged by Kafka, also where staging has lost the records. */
final class FoldByKafkaTest {
    private static final SourcePartition PARTITION = new SourcePartition("orders", "topic-id", 0);
    private static final int RECORDS = 20;

    @TempDir
    private Path directory;

    private Catalog catalog;
    private UpsertTables tables;
    private Optional<Expression> deleteWhen = Optional.empty();
    private long kafkaStart;
    private Set<Long> compactedAway = Set.of();

    /** Twenty records: keys 0 to 9, then 0 to 4 once more, then tombstones of 5 to 9. */
    private final class Log implements SpanSource {
        private Map<SourcePartition, OffsetRange> spans = Map.of();
        private boolean read;

        @Override
        public void begin(Map<SourcePartition, OffsetRange> wanted) {
            spans = Map.copyOf(wanted);
            read = false;
        }

        @Override
        public int poll(Duration timeout, RecordSource.RecordConsumer consumer) {
            if (read) {
                return 0;
            }
            read = true;
            spans.values().forEach(span -> {
                for (long offset = span.start(); offset < span.end(); offset++) {
                    if (isHeld(offset)) {
                        deliver(offset, consumer);
                    }
                }
            });
            return RECORDS;
        }

        private boolean isHeld(long offset) {
            return !compactedAway.contains(offset);
        }

        static void deliver(long offset, RecordSource.RecordConsumer consumer) {
            long id = offset % 10;
            ByteBuffer key = ByteBuffer.wrap(Long.toString(id).getBytes(StandardCharsets.UTF_8));
            byte[] value = ("{\"id\": " + id + ", \"n\": " + offset + "}").getBytes(StandardCharsets.UTF_8);
            boolean isTombstone = offset >= 15;
            consumer.record(PARTITION, offset, 1_000 + offset, value, 0, isTombstone ? -1 : value.length, key);
        }

        @Override
        public Map<SourcePartition, Long> positions() {
            Map<SourcePartition, Long> positions = new TreeMap<>();
            spans.forEach((partition, span) -> positions.put(partition, read ? span.end() : span.start()));
            return positions;
        }

        @Override
        public Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions) {
            return Map.of(PARTITION, new OffsetRange(kafkaStart, RECORDS));
        }

        @Override
        public Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis) {
            return Map.of();
        }

        @Override
        public Map<String, String> topicIds(Set<String> topics) {
            return Map.of("orders", "topic-id");
        }

        @Override
        public void close() {}
    }

    /** Kafka's record as somebody changed it in staging. */
    private interface Change {
        byte[] of(long offset, byte[] value, int length);
    }

    private static final Change NONE = (offset, value, length) -> length < 0 ? new byte[0] : value;

    @BeforeEach
    void createTables() {
        catalog = Catalogs.open(Map.of(
                "type",
                "jdbc",
                "uri",
                "jdbc:sqlite:" + directory.resolve("catalog.db"),
                "warehouse",
                directory.resolve("warehouse").toUri().toString()));
        UpsertLayout layout =
                new UpsertLayout(SchemaText.parse("id long not null, n long"), List.of("id"), Optional.empty());
        tables = UpsertTables.openOrCreate(new Tables(catalog), UpsertRequest.of("shop.orders", layout));
    }

    private void stageAndMerge(Change change) {
        BatchWriter writer = writer(tables.staging());
        for (long offset = 0; offset < RECORDS; offset++) {
            Log.deliver(offset, (partition, at, time, bytes, start, length, key) -> {
                byte[] value = change.of(at, bytes, length);
                int changed = value.length == 0 ? -1 : value.length;
                BatchWriter.Written unused = writer.write(partition, at, time, value, 0, changed, key);
            });
        }
        commit(PartitionStep.start(0), List.of());
        commit(
                PartitionStep.advance(new OffsetRange(0, RECORDS), OptionalLong.empty())
                        .with(StepRows.added(RECORDS)),
                writer.seal().files());
        MergeJob merge = new MergeJob(
                tables,
                "orders",
                deleteWhen
                        .map(MergeSettings.defaults(directory)::withDeleteWhen)
                        .orElse(MergeSettings.defaults(directory)),
                Clock.systemUTC(),
                new Random(1),
                JobProgress.NONE);
        while (!(merge.turn() instanceof JobTurn.Ended)) {
            assertThat(tables).isNotNull();
        }
    }

    private void loseStaging() {
        tables.staging()
                .newDelete()
                .deleteFromRowFilter(Expressions.alwaysTrue())
                .commit();
    }

    private static byte[] row(long id, long n) {
        return ("{\"id\": " + id + ", \"n\": " + n + "}").getBytes(StandardCharsets.UTF_8);
    }

    @AfterEach
    void close() throws IOException {
        ((Closeable) catalog).close();
    }

    @Test
    void rowsAreVerifiedByRecordsThatOnlyKafkaHolds() {
        stageAndMerge(NONE);
        loseStaging();
        FoldReport report = check();

        assertThat(report.isClean()).isTrue();
        assertThat(report.unverifiable()).isZero();
        assertThat(report.same()).isEqualTo(5);
        assertThat(report.deleted()).isEqualTo(5);
    }

    @Test
    void rowThatIsMissingIsADifferenceThoughStagingHasForgottenIt() {
        stageAndMerge(NONE);
        loseStaging();
        tables.keyed().newDelete().deleteFromRowFilter(Expressions.alwaysTrue()).commit();

        FoldReport report = check();

        assertThat(report.differenceCount()).isEqualTo(5);
        assertThat(report.differences().get(0).what()).contains("has no row, its last record is orders-0 offset 1");
    }

    @Test
    void knownDeletesThatAreLostChangeNothingAboutTheVerdict() {
        stageAndMerge(NONE);
        loseStaging();
        tables.deletes()
                .newDelete()
                .deleteFromRowFilter(Expressions.alwaysTrue())
                .commit();

        assertThat(check().deleted()).isEqualTo(5);
    }

    @Test
    void stagedRecordsAreJudgedByKafkaAndCountOnce() {
        stageAndMerge(NONE);

        FoldReport report = check();

        assertThat(report.isClean()).isTrue();
        assertThat(report.unverifiable()).isZero();
        assertThat(report.staged()).isEqualTo(RECORDS);
        assertThat(report.byStagingOnly()).isZero();
        assertThat(report.same()).isEqualTo(5);
        assertThat(report.deleted()).isEqualTo(5);
    }

    @Test
    void keyThatSomebodyChangedInStagingBeforeTheMergeIsFound() {
        stageAndMerge((offset, value, length) -> offset == 13 ? row(77, 13) : NONE.of(offset, value, length));

        FoldReport report = check();

        assertThat(report.differences())
                .extracting(FoldReport.Difference::key, FoldReport.Difference::what)
                .containsExactlyInAnyOrder(
                        tuple("id=77", "has a row of orders-0 offset 13 that no record is"),
                        tuple("id=3", "has the row of orders-0 offset 3, its last record is orders-0 offset 13"));
    }

    @Test
    void deleteMarkThatSomebodyTookBackInStagingBeforeTheMergeIsFound() {
        stageAndMerge((offset, value, length) -> offset == 16 ? row(6, 16) : NONE.of(offset, value, length));

        FoldReport report = check();

        assertThat(report.differences())
                .containsExactly(new FoldReport.Difference(
                        "id=6", "has the row of orders-0 offset 16, its last record deletes it at orders-0 offset 16"));
    }

    @Test
    void valueThatDecidesADeleteAndThatSomebodyChangedInStagingIsFound() {
        deleteWhen = Optional.of(Expressions.greaterThan("n", 11L));
        stageAndMerge((offset, value, length) -> offset == 13 ? row(3, 1) : NONE.of(offset, value, length));

        FoldReport report = check();

        assertThat(report.differences())
                .containsExactly(new FoldReport.Difference(
                        "id=3", "has the row of orders-0 offset 13, its last record deletes it at orders-0 offset 13"));
        assertThat(report.same()).isEqualTo(2);
    }

    @Test
    void deleteMarkThatSomebodySetInStagingBeforeTheMergeIsFound() {
        stageAndMerge((offset, value, length) -> offset == 12 ? new byte[0] : NONE.of(offset, value, length));

        FoldReport report = check();

        assertThat(report.differences())
                .containsExactly(
                        new FoldReport.Difference("id=2", "has no row, its last record is orders-0 offset 12"));
    }

    @Test
    void recordsThatKafkaDroppedAreJudgedByStagingAndCounted() {
        stageAndMerge(NONE);
        kafkaStart = 5;

        FoldReport report = check();

        assertThat(report.isClean()).isTrue();
        assertThat(report.unverifiable()).isZero();
        assertThat(report.byStagingOnly()).isEqualTo(5);
    }

    @Test
    void recordsThatCompactionRemovedAreNoDifference() {
        stageAndMerge(NONE);
        loseStaging();
        compactedAway = Set.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 15L, 16L);

        FoldReport report = check();

        assertThat(report.isClean()).isTrue();
        assertThat(report.unverifiable()).isZero();
        assertThat(report.same()).isEqualTo(5);
    }

    @Test
    void rowOfARecordThatCompactionRemovedIsNotVerifiable() {
        stageAndMerge(NONE);
        loseStaging();
        compactedAway = Set.of(4L, 14L);

        FoldReport report = check();

        assertThat(report.isClean()).isTrue();
        assertThat(report.unverifiable()).isEqualTo(1);
    }

    private FoldReport check() {
        Progress progress = new Progress(Clock.systemUTC(), line -> {});
        try (KafkaRows kafka = new KafkaRows(
                tables,
                deleteWhen,
                new Log(),
                topic -> !compactedAway.isEmpty(),
                FoldByKafkaTest::writer,
                directory,
                progress)) {
            return new FoldCheck(tables, "orders", deleteWhen, progress, Optional.of(kafka)).run();
        }
    }

    private void commit(PartitionStep step, List<org.apache.iceberg.DataFile> files) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>(Map.of(PARTITION, step));
        var unused = new TableCommitter(tables.staging(), new Random(1), MissingLedger.REFUSE)
                .attempt(new TableCommit(UUID.randomUUID(), "orders", TableCommit.Operation.APPEND, files, steps));
    }

    private static BatchWriter writer(Table table) {
        Tombstones tombstones = new Tombstones(List.of("id"), Tombstones.KeyFormat.TEXT, Set.of("id"));
        return RowBatchWriter.create(
                table, DecodeSettings.defaults().withTombstones(tombstones), WriteSettings.defaults(UUID.randomUUID()));
    }
}
