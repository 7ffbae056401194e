package io.firn.compaction.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Keys of every simple type, through real files and every way in which a merge leaves files out. */
final class KeyTypesTest {
    private static final Random RANDOM = new Random(1);
    private static final SourcePartition P0 = new SourcePartition("orders", "id", 0);

    @TempDir
    private static Path folder;

    private static Catalog catalog;

    @BeforeAll
    static void start() {
        catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    static Stream<Arguments> types() {
        return Stream.of(
                Arguments.of("boolean", false, true),
                Arguments.of("int", -5, Integer.MAX_VALUE),
                Arguments.of("long", -5L, Long.MAX_VALUE),
                Arguments.of("float", -1.5f, Float.NaN),
                Arguments.of("double", -1.5, 1e300),
                Arguments.of("date", LocalDate.of(1969, 1, 1), LocalDate.of(2026, 1, 1)),
                Arguments.of("time", LocalTime.of(1, 2), LocalTime.of(23, 59, 59, 1000)),
                Arguments.of("timestamp", LocalDateTime.of(1969, 1, 1, 0, 0), LocalDateTime.of(2026, 1, 1, 0, 0)),
                Arguments.of("timestamptz", offset(-1), offset(1_800_000_000)),
                Arguments.of("timestamptz_ns", offset(-1), offset(1_800_000_000)),
                Arguments.of("string", "a", "ü\uD83D\uDE00" + "long".repeat(40)),
                Arguments.of("uuid", new UUID(1, 2), new UUID(-1, -2)),
                Arguments.of("fixed[3]", new byte[] {1, 2, 3}, new byte[] {-1, 2, 3}),
                Arguments.of("binary", ByteBuffer.wrap(new byte[] {0}), ByteBuffer.wrap(new byte[] {-1, 0})),
                Arguments.of("decimal(9,2)", new BigDecimal("-1.25"), new BigDecimal("9999999.99")),
                Arguments.of("decimal(18,0)", BigDecimal.ONE, new BigDecimal("999999999999999999")),
                Arguments.of("decimal(38,3)", new BigDecimal("-0.001"), new BigDecimal(BigInteger.TEN.pow(37), 3)));
    }

    private static OffsetDateTime offset(long seconds) {
        return Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC);
    }

    @ParameterizedTest
    @MethodSource("types")
    void aKeyOfThatTypeAloneAndWithAnotherIsFoundAgain(String type, Object first, Object second) throws IOException {
        UpsertLayout layout = new UpsertLayout(
                SchemaText.parse("part string not null, id " + type + " not null, event long"),
                List.of("id", "part"),
                Optional.empty());
        UpsertTables tables = UpsertTables.openOrCreate(
                new Tables(catalog),
                UpsertRequest.of("shop.k" + UUID.randomUUID().toString().substring(0, 8), layout));
        TableCommitter committer = new TableCommitter(tables.staging(), new Random(1), MissingLedger.REFUSE);
        commit(committer, List.of(), PartitionStep.start(0));

        stage(tables, committer, 0, List.of(row(first, "x", 1), row(second, "x", 2), row(first, "y", 3)));
        assertThat(merge(tables).count("inserted")).isEqualTo(3);
        stage(tables, committer, 3, List.of(row(second, "x", 4), row(first, "y", null)));
        JobResult result = merge(tables);
        assertThat(result.count("updated")).isEqualTo(1);
        assertThat(result.count("deleted")).isEqualTo(1);

        try (CloseableIterable<Record> rows =
                IcebergGenerics.read(tables.keyed()).build()) {
            assertThat(rows)
                    .extracting(row -> row.getField("id"), row -> row.getField("part"), row -> row.getField("event"))
                    .containsExactlyInAnyOrder(
                            org.assertj.core.groups.Tuple.tuple(first, "x", 1L),
                            org.assertj.core.groups.Tuple.tuple(second, "x", 4L));
        }
    }

    private record Row(
            Object id,
            String part,
            @org.jspecify.annotations.Nullable Long event) {}

    private static Row row(Object id, String part, @org.jspecify.annotations.Nullable Integer event) {
        return new Row(id, part, event == null ? null : event.longValue());
    }

    private static JobResult merge(UpsertTables tables) {
        tables.staging().refresh();
        return MergeRig.drive(new MergeJob(
                tables,
                "orders",
                MergeSettings.defaults(folder.resolve("spill")).withRewriteShare(1),
                Clock.systemUTC(),
                RANDOM,
                JobProgress.NONE));
    }

    private static void stage(UpsertTables tables, TableCommitter committer, long offset, List<Row> rows) {
        DataWriter<Record> writer = MergeRig.writer(tables.staging());
        try (writer) {
            long at = offset;
            for (Row row : rows) {
                GenericRecord record = GenericRecord.create(tables.staging().schema());
                record.setField("id", row.id());
                record.setField("part", row.part());
                record.setField("event", row.event());
                record.setField("_source_topic", "orders");
                record.setField("_source_partition", 0);
                record.setField("_source_offset", at);
                record.setField("_source_timestamp", offset(1000 + at++));
                record.setField("_source_tombstone", row.event() == null);
                writer.write(record);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        OffsetRange range = new OffsetRange(offset, offset + rows.size());
        commit(committer, List.of(writer.toDataFile()), PartitionStep.advance(range, OptionalLong.empty()));
    }

    private static void commit(TableCommitter committer, List<org.apache.iceberg.DataFile> files, PartitionStep step) {
        committer.attempt(
                new TableCommit(UUID.randomUUID(), "orders", Operation.APPEND, files, new TreeMap<>(Map.of(P0, step))));
    }
}
