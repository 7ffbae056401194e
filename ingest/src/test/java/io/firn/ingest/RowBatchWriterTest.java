package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.DecodeSettings.OnNullValue;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.BatchWriter.Written;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import io.firn.ingest.write.WriteSettings;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowBatchWriterTest {
    private static final Schema ORDERS = new Schema(
            Types.NestedField.required(1, "order_id", Types.StringType.get()),
            Types.NestedField.optional(2, "amount", Types.DecimalType.of(10, 2)),
            Types.NestedField.optional(3, "placed_at", Types.TimestampType.withZone()),
            Types.NestedField.optional(4, "weight", Types.DoubleType.get()),
            Types.NestedField.optional(5, "_source_topic", Types.StringType.get()),
            Types.NestedField.optional(6, "_source_partition", Types.IntegerType.get()),
            Types.NestedField.optional(7, "_source_offset", Types.LongType.get()),
            Types.NestedField.optional(8, "_source_timestamp", Types.TimestampType.withZone()));

    @Test
    void aRecordBecomesARowWithItsPosition() {
        List<Record> rows = TestTable.of(ORDERS)
                .roundTrip("{\"order_id\":\"A1\",\"amount\":12.5,\"placed_at\":\"2026-01-31T12:00:00+01:00\"}");
        assertThat(rows).hasSize(1);
        Record row = rows.get(0);
        assertThat(row.getField("order_id")).isEqualTo("A1");
        assertThat(row.getField("amount")).isEqualTo(new BigDecimal("12.50"));
        assertThat(((OffsetDateTime) row.getField("placed_at")).toInstant()).hasToString("2026-01-31T11:00:00Z");
        assertThat(row.getField("weight")).isNull();
        assertThat(row.getField("_source_topic")).isEqualTo("orders");
        assertThat(row.getField("_source_partition")).isEqualTo(3);
        assertThat(row.getField("_source_offset")).isEqualTo(0L);
        assertThat(((OffsetDateTime) row.getField("_source_timestamp")).toInstant())
                .hasToString("2023-11-14T22:13:20Z");
    }

    @Test
    void aRefusedRecordLeavesNoTrace() {
        TestTable table = TestTable.of(ORDERS);
        RowBatchWriter writer = table.writer();
        TestTable.write(writer, 0, "{\"order_id\":\"A\"}");
        assertThatThrownBy(() -> TestTable.write(writer, 1, "{\"order_id\":\"B\",\"weight\":1,\"amount\":\"x\"}"))
                .isInstanceOfSatisfying(BadRecordException.class, e -> {
                    assertThat(e).hasMessage("amount: \"x\" is not a number");
                    assertThat(e.byteOffset()).isEqualTo(36);
                });
        TestTable.write(writer, 2, "{\"order_id\":\"C\"}");
        List<DataFile> files = writer.seal().files();
        table.append(files);
        assertThat(files).singleElement().satisfies(file -> assertThat(file.recordCount())
                .isEqualTo(2));
        assertThat(table.rows()).extracting(row -> row.getField("order_id")).containsExactly("A", "C");
    }

    @Test
    void aNullValueIsCountedWhereTheTableHasRequiredColumns() {
        RowBatchWriter writer = TestTable.of(ORDERS).writer();
        assertThat(writer.write(TestTable.SOURCE, 0, 0, new byte[0], 0, -1, null))
                .isEqualTo(Written.NULL_VALUE_COUNTED);
        assertThat(writer.seal().files()).isEmpty();
    }

    @Test
    void aNullValueIsARowOfNullsWhereTheTableAllowsIt() {
        TestTable table = TestTable.of(new Schema(
                Types.NestedField.optional(1, "a", Types.ListType.ofRequired(3, Types.LongType.get())),
                Types.NestedField.required(2, "_source_offset", Types.LongType.get())));
        RowBatchWriter writer = table.writer();
        assertThat(writer.write(TestTable.SOURCE, 7, 0, new byte[0], 0, -1, null))
                .isEqualTo(Written.ROW);
        table.append(writer.seal().files());
        assertThat(table.rows()).singleElement().satisfies(row -> {
            assertThat(row.getField("a")).isNull();
            assertThat(row.getField("_source_offset")).isEqualTo(7L);
        });
        RowBatchWriter counting = table.writer(DecodeSettings.defaults().withOnNullValue(OnNullValue.COUNT));
        assertThat(counting.write(TestTable.SOURCE, 7, 0, new byte[0], 0, -1, null))
                .isEqualTo(Written.NULL_VALUE_COUNTED);
    }

    @Test
    void rowsForNullValuesAreRefusedWhereTheTableHasRequiredColumns() {
        TestTable table = TestTable.of(ORDERS);
        assertThatThrownBy(() -> table.writer(DecodeSettings.defaults().withOnNullValue(OnNullValue.ROW)))
                .isInstanceOf(FirnException.class)
                .hasMessageContaining("required columns");
    }

    @Test
    void recordWithoutATimestampGetsNull() {
        TestTable table = TestTable.of(SourceColumns.appendTo(SchemaText.parse("id long")));
        RowBatchWriter writer = table.writer();
        byte[] value = "{\"id\":1}".getBytes(StandardCharsets.UTF_8);
        for (long time : new long[] {RecordConsumer.NO_TIMESTAMP, 0, 1_700_000_000_000L}) {
            writer.write(TestTable.SOURCE, 0, time, value, 0, value.length, null);
        }
        table.append(writer.seal().files());
        assertThat(table.rows())
                .extracting(row -> row.getField("_source_timestamp"))
                .containsExactly(
                        null,
                        Instant.EPOCH.atOffset(ZoneOffset.UTC),
                        Instant.ofEpochSecond(1_700_000_000).atOffset(ZoneOffset.UTC));
    }

    @Test
    void recordWithoutATimestampIsRefusedIfTheColumnIsRequired() {
        TestTable table = TestTable.of(SchemaText.parse("id long, _source_timestamp timestamptz not null"));
        RowBatchWriter writer = table.writer();
        byte[] value = "{\"id\":1}".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() ->
                        writer.write(TestTable.SOURCE, 0, RecordConsumer.NO_TIMESTAMP, value, 0, value.length, null))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("_source_timestamp: the record has no timestamp in Kafka");
        writer.write(TestTable.SOURCE, 1, 5, value, 0, value.length, null);
        table.append(writer.seal().files());
        assertThat(table.rows()).hasSize(1);
    }

    @Test
    void aSourceColumnOfAnotherTypeIsRefused() {
        TestTable table =
                TestTable.of(new Schema(Types.NestedField.optional(1, "_source_offset", Types.IntegerType.get())));
        assertThatThrownBy(table::writer).isInstanceOf(FirnException.class).hasMessageContaining("_source_offset");
    }

    @Test
    void tableThatAsksForAnotherFormatIsRefusedAlsoIfItAsksOnlyNow() {
        TestTable table = TestTable.of(ORDERS);
        RowBatchWriter following = RowBatchWriter.following(
                table::reopened, DecodeSettings.defaults(), () -> WriteSettings.defaults(UUID.randomUUID()));
        table.table().updateProperties().set("write.format.default", "orc").commit();
        assertThatThrownBy(table::writer)
                .isInstanceOf(FirnException.class)
                .hasMessageContaining("write.format.default = 'orc'");
        assertThatThrownBy(() -> TestTable.write(following, 0, "{\"order_id\":\"A\"}"))
                .isInstanceOf(FirnException.class)
                .hasMessageContaining("write.format.default = 'orc'");
    }

    /** One codec that Firn's own Parquet writer knows, one that it leaves to Iceberg's. */
    @ParameterizedTest
    @ValueSource(strings = {"zstd", "gzip"})
    void filesOfASortedTableDoNotClaimItsOrder(String codec) {
        TestTable table =
                TestTable.of(ORDERS, PartitionSpec.unpartitioned(), Map.of("write.parquet.compression-codec", codec));
        table.table().replaceSortOrder().asc("order_id").commit();
        RowBatchWriter writer = table.writer();
        TestTable.write(writer, 0, "{\"order_id\":\"B\"}");
        TestTable.write(writer, 1, "{\"order_id\":\"A\"}");
        assertThat(table.table().sortOrder().orderId()).isPositive();
        assertThat(writer.seal().files()).singleElement().satisfies(file -> assertThat(file.sortOrderId())
                .isEqualTo(SortOrder.unsorted().orderId()));
    }

    @Test
    void filesAreRolledAtTheirTargetSize() {
        TestTable table = TestTable.of(ORDERS);
        RowBatchWriter writer =
                table.writer(WriteSettings.defaults(UUID.randomUUID()).withTargetFileBytes(20_000));
        for (int i = 0; i < 2_000; i++) {
            TestTable.write(
                    writer,
                    i,
                    "{\"order_id\":\"" + UUID.nameUUIDFromBytes(new byte[] {(byte) i, (byte) (i >> 8)}) + "\"}");
        }
        assertThat(writer.fileBytes()).isGreaterThan(20_000);
        assertThat(writer.bufferedBytes()).isLessThan(200_000);
        List<DataFile> files = writer.seal().files();
        assertThat(files).hasSizeGreaterThan(2);
        assertThat(files.stream().mapToLong(DataFile::recordCount).sum()).isEqualTo(2_000);
        assertThat(files.stream().map(DataFile::location).distinct()).hasSameSizeAs(files);
        assertThat(writer.fileBytes()).isZero();
        assertThat(writer.bufferedBytes()).isZero();
        table.append(files);
        assertThat(table.rows()).hasSize(2_000);
    }

    @Test
    void discardedRowsAreNeitherInFilesNorInTheStore() {
        TestTable table = TestTable.of(ORDERS);
        RowBatchWriter writer = table.writer();
        TestTable.write(writer, 0, "{\"order_id\":\"A\"}");
        writer.discard();
        assertThat(writer.seal().files()).isEmpty();
        TestTable.write(writer, 1, "{\"order_id\":\"B\"}");
        table.append(writer.seal().files());
        assertThat(table.rows()).extracting(row -> row.getField("order_id")).containsExactly("B");
    }

    @Test
    void rowsGoToTheirPartitions() {
        TestTable table = TestTable.of(
                ORDERS,
                PartitionSpec.builderFor(ORDERS)
                        .day("placed_at")
                        .bucket("order_id", 4)
                        .build());
        RowBatchWriter writer = table.writer();
        for (int i = 0; i < 200; i++) {
            TestTable.write(
                    writer,
                    i,
                    "{\"order_id\":\"A" + i + "\",\"placed_at\":\"2026-01-" + (10 + i % 5) + "T00:00:00Z\"}");
        }
        List<DataFile> files = writer.seal().files();
        assertThat(files).hasSize(20);
        table.append(files);
        assertThat(table.rows()).hasSize(200);
    }

    @Test
    void openFilesAreCapped() {
        TestTable table = byDay();
        RowBatchWriter writer = table.writer(
                WriteSettings.defaults(UUID.randomUUID()).withMaxOpenFiles(3).withTargetFileBytes(1_000));
        for (int i = 0; i < 400; i++) {
            TestTable.write(writer, i, order(i, i % 4));
        }
        List<DataFile> files = writer.seal().files();
        assertThat(files).hasSizeGreaterThan(4);
        table.append(files);
        assertThat(table.rows()).hasSize(400);
    }

    @Test
    void rowsScatteredOverHundredsOfPartitionsMakeOneFileEachWithinTheMemory() {
        TestTable table = byDay();
        RowBatchWriter writer =
                table.writer(WriteSettings.defaults(UUID.randomUUID()).withMemoryBytes(4 << 20));
        for (int i = 0; i < 900; i++) {
            TestTable.write(writer, i, order(i, i % 300));
            assertThat(writer.bufferedBytes()).isLessThanOrEqualTo(4 << 20);
        }
        List<DataFile> files = writer.seal().files();
        assertThat(files).hasSize(300).allSatisfy(file -> assertThat(file.recordCount())
                .isEqualTo(3));
        assertThat(writer.bufferedBytes()).isZero();
        assertThat(writer.fileBytes()).isZero();
    }

    @Test
    void beyondTheMemoryThePartitionWithTheMostRowsIsClosed() {
        TestTable table = byDay();
        RowBatchWriter writer =
                table.writer(WriteSettings.defaults(UUID.randomUUID()).withMemoryBytes(1 << 20));
        int rows = 20_000;
        for (int i = 0; i < rows; i++) {
            TestTable.write(writer, i, order(i, i % 10 == 0 ? i / 10 % 20 : 27));
            assertThat(writer.bufferedBytes()).isLessThanOrEqualTo(1 << 20);
        }
        List<DataFile> files = writer.seal().files();
        assertThat(files).hasSizeBetween(22, 28);
        table.append(files);
        assertThat(table.rows())
                .extracting(row -> row.getField("order_id"))
                .hasSize(rows)
                .doesNotHaveDuplicates();
    }

    private static TestTable byDay() {
        return TestTable.of(
                ORDERS, PartitionSpec.builderFor(ORDERS).day("placed_at").build());
    }

    private static String order(int number, int day) {
        return "{\"order_id\":\"A" + number + "\",\"placed_at\":\""
                + LocalDate.of(2020, 1, 1).plusDays(day) + "T00:00:00Z\"}";
    }
}
