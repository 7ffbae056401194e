package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.record.BadRecordException;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Columns that another engine made and Firn cannot write: optional ones stay null, required ones are refused. */
class UnwritableColumnsTest {
    static List<Type> types() {
        return List.of(
                Types.VariantType.get(),
                Types.UnknownType.get(),
                Types.GeometryType.crs84(),
                Types.GeographyType.crs84());
    }

    private static TestTable table(Schema schema, Map<String, String> properties) {
        Map<String, String> all = new java.util.HashMap<>(properties);
        all.put("format-version", "3");
        return TestTable.of(schema, PartitionSpec.unpartitioned(), all);
    }

    @ParameterizedTest
    @MethodSource("types")
    void anOptionalColumnStaysNull(Type type) {
        Schema schema = new Schema(
                NestedField.required(1, "id", Types.LongType.get()),
                NestedField.optional(2, "x", type),
                NestedField.optional(
                        3,
                        "s",
                        Types.StructType.of(
                                NestedField.optional(4, "y", type),
                                NestedField.optional(5, "z", Types.LongType.get()))),
                NestedField.optional(6, "only", Types.StructType.of(NestedField.optional(7, "y", type))),
                NestedField.optional(8, "l", Types.ListType.ofOptional(9, type)),
                NestedField.optional(10, "last", Types.StringType.get()));
        for (String codec : new String[] {"zstd", "gzip"}) {
            TestTable table = table(schema, Map.of("write.parquet.compression-codec", codec));
            List<Record> rows = table.roundTrip(
                    "{\"id\":1,\"x\":null,\"s\":{\"y\":null,\"z\":2},\"last\":\"a\"}",
                    "{\"id\":2,\"x\":{\"k\":[1]},\"s\":{\"z\":3},\"l\":[],\"last\":\"b\"}",
                    "{\"id\":3}");
            assertThat(rows).hasSize(3).allSatisfy(row -> {
                assertThat(row.getField("x")).isNull();
                assertThat(row.getField("only")).isNull();
                assertThat(row.getField("l")).isNull();
            });
            assertThat(rows.get(0).getField("s")).hasToString("Record(null, 2)");
            assertThat(rows.get(1).getField("last")).isEqualTo("b");
        }
    }

    /** A value for it has nowhere to go, as any field without a column. */
    @Test
    void aValueForItIsAnUnknownField() {
        Schema schema = new Schema(
                NestedField.required(1, "id", Types.LongType.get()),
                NestedField.optional(2, "x", Types.VariantType.get()));
        RowBatchWriter counting = table(schema, Map.of()).writer();
        TestTable.write(counting, 0, "{\"id\":1,\"x\":{\"k\":1}}");
        assertThat(counting.unknownFields()).isEqualTo(1);
        RowBatchWriter stopping = table(schema, Map.of())
                .writer(DecodeSettings.defaults().withOnUnknownField(DecodeSettings.OnUnknownField.STOP));
        assertThatThrownBy(() -> TestTable.write(stopping, 0, "{\"id\":1,\"x\":{\"k\":1}}"))
                .isInstanceOf(BadRecordException.class);
    }

    @ParameterizedTest
    @MethodSource("types")
    void aRequiredColumnIsRefusedByName(Type type) {
        if (type.typeId() == Type.TypeID.UNKNOWN) {
            return;
        }
        refused(
                new Schema(NestedField.required(1, "id", Types.LongType.get()), NestedField.required(2, "shape", type)),
                "column 'shape'");
        refused(
                new Schema(NestedField.optional(
                        1,
                        "l",
                        Types.ListType.ofOptional(2, Types.StructType.of(NestedField.required(3, "shape", type))))),
                "column 'l.element.shape'");
    }

    @Test
    void aColumnWithoutANameIsLeftOutOrRefused() {
        Schema optional = new Schema(
                NestedField.required(1, "id", Types.LongType.get()), NestedField.optional(2, "", Types.LongType.get()));
        TestTable table = table(optional, Map.of());
        RowBatchWriter writer = table.writer();
        TestTable.write(writer, 0, "{\"id\":1,\"\":5}");
        assertThat(writer.seal().files()).hasSize(1);
        refused(
                new Schema(
                        NestedField.required(1, "id", Types.LongType.get()),
                        NestedField.required(2, "", Types.LongType.get())),
                "has no name");
    }

    private static void refused(Schema schema, String message) {
        assertThatThrownBy(() -> table(schema, Map.of()).writer())
                .isInstanceOf(FirnException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("table memory.shop.orders")
                .satisfies(
                        failure -> assertThat(((FirnException) failure).kind()).isEqualTo(FirnException.Kind.USER));
    }
}
