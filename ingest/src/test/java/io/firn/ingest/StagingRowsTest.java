package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.Tombstones;
import io.firn.ingest.decode.Tombstones.KeyFormat;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.BatchWriter.Written;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.Record;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What ingestion writes to the staging table of an upsert pipeline. */
class StagingRowsTest {
    private static final Schema ORDERS = SchemaText.parse("order_id string not null, amount decimal(10,2) not null,"
            + " tags list<string>, address struct<city: string not null, zip: string>");
    private static final Schema LINES =
            SchemaText.parse("order_id long not null, line int not null, placed date not null, text string");

    private final TestTable orders =
            TestTable.of(new UpsertLayout(ORDERS, List.of("order_id"), Optional.empty()).staging());
    private final RowBatchWriter writer =
            orders.writer(tombstones(List.of("order_id"), KeyFormat.TEXT, Set.of("amount")));

    private static DecodeSettings tombstones(List<String> key, KeyFormat format, Set<String> required) {
        return DecodeSettings.defaults()
                .withValues(DecodeSettings.Values.SHOWN)
                .withTombstones(new Tombstones(key, format, required));
    }

    private static Written delete(RowBatchWriter writer, long offset, @Nullable String key) {
        ByteBuffer bytes = key == null
                ? null
                : ByteBuffer.wrap(
                        ("xx" + key).getBytes(StandardCharsets.UTF_8), 2, key.getBytes(StandardCharsets.UTF_8).length);
        return writer.write(TestTable.SOURCE, offset, 0, new byte[0], 0, -1, bytes);
    }

    @Test
    void aColumnThatSomebodyMadeRequiredIsRefusedBecauseTombstonesLackIt() {
        orders.table()
                .updateSchema()
                .allowIncompatibleChanges()
                .requireColumn("amount")
                .commit();

        assertThatThrownBy(() -> orders.writer(tombstones(List.of("order_id"), KeyFormat.TEXT, Set.of())))
                .isInstanceOfSatisfying(FirnException.class, e -> {
                    assertThat(e.code()).isEqualTo("schema-mismatch");
                    assertThat(e).hasMessageContaining("column 'amount' must not be null");
                });
    }

    @Test
    void aNullValueBecomesATombstoneOfItsKafkaKey() {
        TestTable.write(
                writer, 0, "{\"order_id\":\"A\",\"amount\":1.5,\"tags\":[\"x\"],\"address\":{\"city\":\"Ulm\"}}");
        assertThat(delete(writer, 1, "A")).isEqualTo(Written.ROW);
        orders.append(writer.seal().files());
        List<Record> rows = orders.rows();
        assertThat(rows).extracting(row -> row.getField("_source_tombstone")).containsExactly(false, true);
        assertThat(rows).extracting(row -> row.getField("order_id")).containsExactly("A", "A");
        assertThat(rows).extracting(row -> row.getField("amount")).containsExactly(new BigDecimal("1.50"), null);
        assertThat(rows.get(1).getField("tags")).isNull();
        assertThat(rows.get(1).getField("address")).isNull();
        assertThat(rows.get(1).getField("_source_offset")).isEqualTo(1L);
    }

    @Test
    void aTextKeyMayHoldAnyCharacter() {
        String key = "\"q\\uote\" \t\u0001 ü 𝄞";
        delete(writer, 0, key);
        orders.append(writer.seal().files());
        assertThat(orders.rows()).singleElement().satisfies(row -> assertThat(row.getField("order_id"))
                .isEqualTo(key));
    }

    @Test
    void aTextKeyIsReadAsItsColumnsType() {
        TestTable table = TestTable.of(
                new UpsertLayout(SchemaText.parse("id long not null, v string"), List.of("id"), Optional.empty())
                        .staging());
        RowBatchWriter longs = table.writer(tombstones(List.of("id"), KeyFormat.TEXT, Set.of()));
        delete(longs, 0, "42");
        assertThatThrownBy(() -> delete(longs, 1, "x42"))
                .isInstanceOf(BadRecordException.class)
                .hasMessageStartingWith("no value, and of its Kafka key: id: ");
        table.append(longs.seal().files());
        assertThat(table.rows()).extracting(row -> row.getField("id")).containsExactly(42L);
    }

    @Test
    void aKeyOfSeveralColumnsIsAnObject() {
        List<String> key = List.of("placed", "order_id", "line");
        TestTable table = TestTable.of(new UpsertLayout(LINES, key, Optional.empty()).staging());
        RowBatchWriter lines = table.writer(tombstones(key, KeyFormat.JSON, Set.of()));
        delete(lines, 0, "{\"line\":2,\"order_id\":7,\"more\":[1],\"placed\":\"2026-01-31\"}");
        assertThatThrownBy(() -> delete(lines, 1, "{\"line\":2,\"placed\":\"2026-01-31\"}"))
                .isInstanceOf(BadRecordException.class)
                .hasMessage("no value, and of its Kafka key: order_id: required, but missing");
        assertThatThrownBy(() -> delete(lines, 1, "{\"line\":null,\"order_id\":7,\"placed\":\"2026-01-31\"}"))
                .isInstanceOf(BadRecordException.class)
                .hasMessage("no value, and of its Kafka key: line: null in a required column");
        table.append(lines.seal().files());
        assertThat(table.rows()).singleElement().satisfies(row -> {
            assertThat(row.getField("order_id")).isEqualTo(7L);
            assertThat(row.getField("line")).isEqualTo(2);
            assertThat(row.getField("placed")).hasToString("2026-01-31");
            assertThat(row.getField("text")).isNull();
        });
    }

    @Test
    void aJsonKeyOfOneColumnMayBeItsValueAlone() {
        RowBatchWriter json = orders.writer(tombstones(List.of("order_id"), KeyFormat.JSON, Set.of()));
        delete(json, 0, "\"A\"");
        delete(json, 1, "{\"order_id\":\"B\"}");
        orders.append(json.seal().files());
        assertThat(orders.rows()).extracting(row -> row.getField("order_id")).containsExactly("A", "B");
    }

    @Test
    void aTombstoneWithoutAKeyIsABadRecord() {
        assertThatThrownBy(() -> delete(writer, 0, null))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("neither a value nor a Kafka key");
    }

    @Test
    void aRecordWithoutItsKeyOrARequiredColumnIsABadRecordThoughATombstoneMayLackIt() {
        assertThatThrownBy(() -> TestTable.write(writer, 0, "{\"amount\":1}"))
                .isInstanceOf(BadRecordException.class)
                .hasMessage("order_id: required, but missing");
        assertThatThrownBy(() -> TestTable.write(writer, 0, "{\"order_id\":null,\"amount\":1}"))
                .isInstanceOf(BadRecordException.class)
                .hasMessage("order_id: null in a required column");
        assertThatThrownBy(() -> TestTable.write(writer, 0, "{\"order_id\":\"A\"}"))
                .isInstanceOf(BadRecordException.class)
                .hasMessage("amount: required, but missing");
        assertThat(writer.seal().files()).isEmpty();
    }
}
