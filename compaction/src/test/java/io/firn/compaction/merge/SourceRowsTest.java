package io.firn.compaction.merge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.compaction.TestLake;
import io.firn.compaction.scan.FileScans;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.parquet.InternalWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows that go from file to file without becoming objects, held against those that do. */
final class SourceRowsTest {
    private static final int ROWS = 6_000;

    private static final Schema SCHEMA = new Schema(
            NestedField.required(1, "id", Types.LongType.get()),
            NestedField.optional(2, "truth", Types.BooleanType.get()),
            NestedField.optional(3, "whole", Types.IntegerType.get()),
            NestedField.optional(4, "single", Types.FloatType.get()),
            NestedField.optional(5, "twice", Types.DoubleType.get()),
            NestedField.optional(6, "small", Types.DecimalType.of(7, 2)),
            NestedField.optional(7, "middle", Types.DecimalType.of(16, 4)),
            NestedField.optional(8, "wide", Types.DecimalType.of(33, 5)),
            NestedField.optional(9, "day", Types.DateType.get()),
            NestedField.optional(10, "hour", Types.TimeType.get()),
            NestedField.optional(11, "moment", Types.TimestampType.withZone()),
            NestedField.optional(12, "text", Types.StringType.get()),
            NestedField.optional(13, "status", Types.StringType.get()),
            NestedField.optional(14, "bytes", Types.BinaryType.get()),
            NestedField.optional(15, "fixed", Types.FixedType.ofLength(5)),
            NestedField.optional(16, "uuid", Types.UUIDType.get()));

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"1,true", "1,false", "2,true", "2,false"})
    void rowsAndFiguresAreTheSameWhicheverWayTheyGo(String pageVersion, boolean dictionaries) throws IOException {
        try (TestLake lake = new TestLake(folder)) {
            Table table = table(lake, SCHEMA);
            DataFile file = file(table, Map.of("write.parquet.page-version", "v" + pageVersion), dictionaries);
            FileScans scans = new FileScans(table);
            FlatRows flat = new FlatRows(table, scans);
            Set<String> varied = dictionaries ? Set.of() : flat.varied(file);
            DataFile one = copied(table, file, flat, varied);
            DataFile other = copied(table, file, new ObjectRows(table, scans), Set.of());
            assertThat(rows(table, one)).isEqualTo(rows(table, file)).hasSize(ROWS);
            assertThat(one.lowerBounds()).isEqualTo(other.lowerBounds());
            assertThat(one.upperBounds()).isEqualTo(other.upperBounds());
            assertThat(one.nullValueCounts()).isEqualTo(other.nullValueCounts());
            assertThat(one.nanValueCounts()).isEqualTo(other.nanValueCounts());
            assertThat(one.valueCounts()).isEqualTo(other.valueCounts());
        }
    }

    @Test
    void columnsWithAnInnerStructureMakeAllRowsObjects() throws IOException {
        try (TestLake lake = new TestLake(folder)) {
            Table flat = table(lake, SCHEMA);
            Schema nested =
                    new Schema(NestedField.optional(1, "list", Types.ListType.ofOptional(2, Types.IntegerType.get())));
            Table other = lake.create("nested", nested, PartitionSpec.unpartitioned(), Map.of());
            FileScans scans = new FileScans(flat);
            assertThat(SourceRows.of(flat, scans, List.of(flat))).isInstanceOf(FlatRows.class);
            assertThat(SourceRows.of(flat, scans, List.of(flat, other))).isInstanceOf(ObjectRows.class);
        }
    }

    @Test
    void variedColumnsAreThoseOfManyDifferentValues() throws IOException {
        try (TestLake lake = new TestLake(folder)) {
            Table table = table(lake, SCHEMA);
            DataFile file = file(table, Map.of(), true);
            assertThat(new FlatRows(table, new FileScans(table)).varied(file))
                    .contains("id", "text", "uuid")
                    .doesNotContain("truth", "status");
        }
    }

    private static Table table(TestLake lake, Schema schema) {
        return lake.create("rows", schema, PartitionSpec.unpartitioned(), Map.of("format-version", "2"));
    }

    private static DataFile copied(Table table, DataFile file, SourceRows rows, Set<String> varied) throws IOException {
        RowFiles files = new RowFiles(
                new RowFiles.Form(table, rows.writer(table), varied),
                UUID.randomUUID(),
                8 << 20,
                1L << 30,
                new ArrayList<>());
        OutputRow row = rows.as(table);
        long next = 0;
        long outOfPlace = 0;
        try (SourceRows.Cursor cursor = rows.open(file)) {
            while (cursor.next()) {
                outOfPlace += cursor.position() == next++ ? 0 : 1;
                files.write(row.at(0));
            }
        }
        assertThat(outOfPlace).isZero();
        return files.finish().get(0);
    }

    private static List<List<Object>> rows(Table table, DataFile file) throws IOException {
        List<List<Object>> all = new ArrayList<>();
        try (CloseableIterable<StructLike> rows = new FileScans(table).records(file, table.schema())) {
            for (StructLike row : rows) {
                List<Object> values = new ArrayList<>();
                for (int i = 0; i < table.schema().columns().size(); i++) {
                    Object value = row.get(i, Object.class);
                    values.add(value instanceof ByteBuffer ? ByteBuffer.wrap(bytes((ByteBuffer) value)) : value);
                }
                all.add(values);
            }
        }
        return all;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    private static DataFile file(Table table, Map<String, String> properties, boolean dictionaries) throws IOException {
        DataWriter<GenericRecord> writer = Parquet.writeData(OutputFileFactory.builderFor(table, 0, 0)
                        .format(FileFormat.PARQUET)
                        .build()
                        .newOutputFile())
                .forTable(table)
                .setAll(properties)
                .set("write.parquet.row-group-size-bytes", "200000")
                .set("write.parquet.dict-size-bytes", dictionaries ? "2097152" : "1")
                .withSpec(table.spec())
                .createWriterFunc(type -> InternalWriter.create(table.schema().asStruct(), type))
                .build();
        Random random = new Random(7);
        try (writer) {
            GenericRecord row = GenericRecord.create(table.schema());
            for (int i = 0; i < ROWS; i++) {
                for (NestedField column : table.schema().columns()) {
                    boolean isNull = column.isOptional() && random.nextInt(5) == 0;
                    row.setField(column.name(), isNull ? null : value(column, random, i));
                }
                writer.write(row);
            }
        }
        return writer.toDataFile();
    }

    private static Object value(NestedField column, Random random, int row) {
        Type type = column.type();
        return switch (type.typeId()) {
            case BOOLEAN -> random.nextBoolean();
            case INTEGER, DATE -> random.nextInt(10_000) - 5_000;
            case FLOAT -> random.nextInt(9) == 0 ? Float.NaN : random.nextFloat() - 0.5f;
            case DOUBLE -> random.nextInt(9) == 0 ? Double.NaN : random.nextGaussian();
            case DECIMAL -> decimal((Types.DecimalType) type, random);
            case TIME -> (long) random.nextInt(86_400) * 1_000_000;
            case TIMESTAMP -> 1_700_000_000_000_000L + random.nextInt();
            case STRING -> column.name().equals("status") ? "status " + random.nextInt(4) : "ä" + random.nextLong();
            case BINARY -> ByteBuffer.wrap(Long.toHexString(random.nextLong()).getBytes(UTF_8));
            case FIXED -> ByteBuffer.wrap(new byte[] {1, 2, 3, (byte) random.nextInt(), -1});
            case UUID -> new UUID(random.nextLong(), random.nextLong());
            default -> (long) row;
        };
    }

    private static BigDecimal decimal(Types.DecimalType type, Random random) {
        java.math.BigInteger unscaled = new java.math.BigInteger(type.precision() * 3, random);
        return new BigDecimal(random.nextBoolean() ? unscaled : unscaled.negate(), type.scale());
    }
}
