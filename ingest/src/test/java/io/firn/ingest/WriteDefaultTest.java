package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.upsert.UpsertLayout;
import io.firn.ingest.record.BadRecordException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.Test;

/** A field that a record lacks gets the column's write-default; an explicit null stays null. */
class WriteDefaultTest {
    private static final UUID CODE = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

    private static final Schema SCHEMA = new Schema(
            NestedField.required(1, "id", Types.LongType.get()),
            field(2, "truth", Types.BooleanType.get(), Literal.of(true)),
            field(3, "number", Types.IntegerType.get(), Literal.of(-7)),
            field(4, "ratio", Types.FloatType.get(), Literal.of(-1.5f)),
            field(5, "weight", Types.DoubleType.get(), Literal.of(2.5)),
            field(6, "day", Types.DateType.get(), Literal.of("2026-01-31").to(Types.DateType.get())),
            field(7, "time", Types.TimeType.get(), Literal.of("23:59:58").to(Types.TimeType.get())),
            field(
                    8,
                    "at",
                    Types.TimestampType.withZone(),
                    Literal.of("2026-01-31T01:02:03Z").to(Types.TimestampType.withZone())),
            field(9, "text", Types.StringType.get(), Literal.of("größe")),
            field(10, "code", Types.UUIDType.get(), Literal.of(CODE)),
            field(11, "blob", Types.BinaryType.get(), Literal.of(ByteBuffer.wrap(new byte[] {1, 2}))),
            field(12, "small", Types.DecimalType.of(7, 2), Literal.of(new BigDecimal("-1.25"))),
            field(13, "large", Types.DecimalType.of(38, 2), Literal.of(new BigDecimal("-1.25"))),
            NestedField.required("needed")
                    .withId(14)
                    .ofType(Types.StringType.get())
                    .withWriteDefault(Literal.of("unknown"))
                    .build(),
            NestedField.optional(
                    15,
                    "inner",
                    Types.StructType.of(
                            field(16, "text", Types.StringType.get(), Literal.of("inner")),
                            NestedField.optional(17, "other", Types.LongType.get()))),
            NestedField.optional(
                    18,
                    "list",
                    Types.ListType.ofOptional(
                            19,
                            Types.StructType.of(
                                    NestedField.optional(20, "a", Types.LongType.get()),
                                    field(21, "b", Types.LongType.get(), Literal.of(9L))))));

    private static NestedField field(int id, String name, Type type, Literal<?> value) {
        return NestedField.optional(name)
                .withId(id)
                .ofType(type)
                .withWriteDefault(value)
                .build();
    }

    private static TestTable table() {
        return TestTable.of(SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", "3"));
    }

    @Test
    void absentFieldsGetTheDefaultOfTheirColumn() {
        Record row = table().roundTrip(
                        "{\"id\":1,\"inner\":{},\"list\":[{\"a\":1},{\"a\":2,\"b\":3},{\"b\":null},null]}")
                .get(0);
        assertThat(row.getField("truth")).isEqualTo(true);
        assertThat(row.getField("number")).isEqualTo(-7);
        assertThat(row.getField("ratio")).isEqualTo(-1.5f);
        assertThat(row.getField("weight")).isEqualTo(2.5);
        assertThat(row.getField("day")).isEqualTo(LocalDate.of(2026, 1, 31));
        assertThat(row.getField("time")).isEqualTo(LocalTime.of(23, 59, 58));
        assertThat(row.getField("at")).isEqualTo(OffsetDateTime.parse("2026-01-31T01:02:03Z"));
        assertThat(row.getField("text")).isEqualTo("größe");
        assertThat(row.getField("code")).isEqualTo(CODE);
        assertThat(row.getField("blob")).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2}));
        assertThat(row.getField("small")).isEqualTo(new BigDecimal("-1.25"));
        assertThat(row.getField("large")).isEqualTo(new BigDecimal("-1.25"));
        assertThat(row.getField("needed")).isEqualTo("unknown");
        assertThat(row.getField("inner")).hasToString("Record(inner, null)");
        assertThat(row.getField("list")).hasToString("[Record(1, 9), Record(2, 3), Record(null, null), null]");
    }

    @Test
    void anExplicitNullStaysNull() {
        Record row = table().roundTrip("{\"id\":1,\"text\":null,\"large\":null,\"inner\":null,\"list\":null}")
                .get(0);
        assertThat(row.getField("text")).isNull();
        assertThat(row.getField("large")).isNull();
        assertThat(row.getField("inner")).isNull();
        assertThat(row.getField("list")).isNull();
        assertThat(row.getField("number")).isEqualTo(-7);
    }

    @Test
    void anExplicitNullInARequiredColumnIsABadRecord() {
        assertThatThrownBy(() -> table().roundTrip("{\"id\":1,\"needed\":null}"))
                .isInstanceOf(BadRecordException.class)
                .hasMessageContaining("needed: null in a required column");
    }

    @Test
    void aStagingTableTakesOverTheDefaults() {
        Schema columns = new Schema(
                NestedField.required(1, "id", Types.LongType.get()),
                field(2, "text", Types.StringType.get(), Literal.of("x")));
        Schema staging = new UpsertLayout(columns, List.of("id"), Optional.empty()).staging();
        assertThat(staging.findField("text").writeDefault()).isEqualTo("x");
    }

    /** It lacks no field: there is no object that could have one. */
    @Test
    void aRecordWithoutAValueIsARowOfNulls() {
        Schema schema = new Schema(field(1, "text", Types.StringType.get(), Literal.of("x")));
        TestTable table = TestTable.of(schema, PartitionSpec.unpartitioned(), Map.of("format-version", "3"));
        RowBatchWriter writer = table.writer();
        writer.write(TestTable.SOURCE, 0, 0, new byte[0], 0, -1, null);
        table.append(writer.seal().files());
        assertThat(table.rows().get(0).getField("text")).isNull();
    }
}
