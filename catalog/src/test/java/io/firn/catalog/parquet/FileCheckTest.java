package io.firn.catalog.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.inmemory.InMemoryInputFile;
import org.apache.iceberg.inmemory.InMemoryOutputFile;
import org.apache.iceberg.io.FileAppender;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.SeekableInputStream;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.parquet.ParquetSchemaUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FileCheckTest {
    private static final Map<String, String> SMALL = Map.of(
            TableProperties.PARQUET_PAGE_SIZE_BYTES, "700",
            TableProperties.PARQUET_PAGE_ROW_LIMIT, "50",
            TableProperties.PARQUET_DICT_SIZE_BYTES, "900",
            TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES, "60000");

    private record Written(byte[] bytes, Metrics metrics) {}

    static Stream<Arguments> wholeFiles() {
        return Stream.of(SMALL, Map.<String, String>of()).flatMap(properties -> Stream.of(0.0, 0.3, 0.95)
                .flatMap(nulls -> Stream.of("paged", "iceberg v1", "iceberg v2")
                        .map(writer -> Arguments.of(properties, nulls, writer))));
    }

    /** Rows of every type, by Firn's and by Iceberg's own writers. */
    @ParameterizedTest
    @MethodSource("wholeFiles")
    void nothingIsWrongWithAWholeFile(Map<String, String> properties, double nulls, String writer) throws IOException {
        List<Record> rows = new RandomRows(7, nulls > 0.5, nulls).rows(2_000);
        Written file = written(RandomRows.SCHEMA, properties, writer, rows);
        FileCheck.Result result = check(file);
        assertThat(result.faults()).isEmpty();
        assertThat(result.rows()).isEqualTo(2_000);
        assertThat(result.entries()).isGreaterThan(2_000 * 20);
    }

    @Test
    void aColumnThatLacksAnEntryIsNamedWithItsRowGroup() {
        FileCheck.Result result = FileCheck.of(
                () -> DisagreeingFile.in("l list<struct<a long, b long>>").input(), entry(0, null), () -> {});
        assertThat(result.faults()).hasSize(1);
        assertThat(result.faults().get(0))
                .hasToString(
                        "row group 0: column l.list.element.b has 7 entries, column l.list.element.a 8 for 4 rows");
    }

    @Test
    void flippedBitsInPagesAreFound() throws IOException {
        List<Record> rows = new RandomRows(11, false, 0.1).rows(500);
        Written file = written(RandomRows.SCHEMA, Map.of(), "paged", rows);
        SplittableRandom random = new SplittableRandom(3);
        // The first bytes are a magic number that Parquet's reader does not look at.
        int pages = file.bytes().length / 2;
        for (int i = 0; i < 60; i++) {
            byte[] spoiled = file.bytes().clone();
            spoiled[4 + random.nextInt(pages)] ^= (byte) (1 << random.nextInt(8));
            FileCheck.Result result =
                    FileCheck.of(() -> new InMemoryInputFile(spoiled), entry(500, file.metrics()), () -> {});
            assertThat(result.faults()).as("flip " + i).isNotEmpty();
        }
    }

    @Test
    void aFileThatWasCutOffIsDamaged() throws IOException {
        Written file = written(RandomRows.SCHEMA, Map.of(), "paged", new RandomRows(1, true, 0).rows(50));
        byte[] cut = java.util.Arrays.copyOf(file.bytes(), file.bytes().length - 9);
        FileCheck.Result result = FileCheck.of(() -> new InMemoryInputFile(cut), entry(50, file.metrics()), () -> {});
        assertThat(result.faults()).singleElement().asString().contains("the file cannot be decoded");
    }

    @Test
    void figuresOfTheManifestThatDoNotHoldAreNamed() throws IOException {
        Schema schema = new Schema(
                NestedField.optional(1, "n", Types.LongType.get()),
                NestedField.optional(2, "t", Types.StringType.get()));
        GenericRecord row = GenericRecord.create(schema);
        List<Record> rows = List.of(
                row.copy(Map.of("n", 5L, "t", "b")), row.copy(Map.of("n", 9L, "t", "d")), row.copy(Map.of("n", 7L)));
        Written file = written(schema, Map.of(), "paged", rows);
        assertThat(check(file).faults()).isEmpty();
        Metrics wrong = new Metrics(
                4L,
                Map.of(),
                Map.of(1, 4L),
                Map.of(1, 0L, 2, 2L),
                Map.of(),
                Map.of(1, number(6), 2, ByteBuffer.wrap(new byte[] {'a'})),
                Map.of(1, number(9), 2, ByteBuffer.wrap(new byte[] {'c'})));
        FileCheck.Result result = FileCheck.of(() -> new InMemoryInputFile(file.bytes()), entry(4, wrong), () -> {});
        assertThat(result.faults().stream().map(Object::toString))
                .containsExactlyInAnyOrder(
                        "the file has 3 rows, the table's manifest says 4",
                        "column n has 3 entries, the table's manifest says 4",
                        "column n has the least value 5, which the bounds in the table's manifest exclude",
                        "column t has 1 nulls, the table's manifest says 2",
                        "column t has the greatest value d, which the bounds in the table's manifest exclude");
    }

    @Test
    void aStoreThatFailsIsNoDamage() throws IOException {
        Written file = written(RandomRows.SCHEMA, Map.of(), "paged", new RandomRows(1, true, 0).rows(50));
        InputFile failing = new InputFile() {
            @Override
            public long getLength() {
                return file.bytes().length;
            }

            @Override
            public SeekableInputStream newStream() {
                throw new org.apache.iceberg.exceptions.ServiceFailureException("503 slow down");
            }

            @Override
            public String location() {
                return "memory";
            }

            @Override
            public boolean exists() {
                return true;
            }
        };
        assertThatThrownBy(() -> FileCheck.of(() -> failing, entry(50, file.metrics()), () -> {}))
                .hasMessageContaining("503");
    }

    @Test
    void whoeverReadsCanEndIt() throws IOException {
        Written file = written(RandomRows.SCHEMA, Map.of(), "paged", new RandomRows(1, true, 0).rows(50));
        assertThatThrownBy(
                        () -> FileCheck.of(() -> new InMemoryInputFile(file.bytes()), entry(50, file.metrics()), () -> {
                            throw new IllegalStateException("enough");
                        }))
                .hasMessage("enough");
    }

    private static FileCheck.Result check(Written file) {
        return FileCheck.of(
                () -> new InMemoryInputFile(file.bytes()),
                entry(file.metrics().recordCount(), file.metrics()),
                () -> {});
    }

    private static ByteBuffer number(long value) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value);
    }

    private static DataFile entry(long rows, @org.jspecify.annotations.Nullable Metrics metrics) {
        DataFiles.Builder builder = DataFiles.builder(PartitionSpec.unpartitioned())
                .withPath("memory")
                .withFormat(FileFormat.PARQUET)
                .withFileSizeInBytes(1)
                .withRecordCount(rows);
        return metrics == null ? builder.build() : builder.withMetrics(metrics).build();
    }

    private static Written written(Schema schema, Map<String, String> properties, String writer, List<Record> rows)
            throws IOException {
        InMemoryOutputFile file = new InMemoryOutputFile();
        FileAppender<Record> appender = writer.equals("paged")
                ? new PagedAppender<>(
                        "orders",
                        file,
                        schema,
                        GenericParquetWriter.create(schema, ParquetSchemaUtil.convert(schema, "table")),
                        PageSettings.of(properties),
                        MetricsConfig.getDefault())
                : Parquet.write(file)
                        .schema(schema)
                        .createWriterFunc(type -> GenericParquetWriter.create(schema, type))
                        .setAll(with(properties, writer.endsWith("v1") ? "v1" : "v2"))
                        .metricsConfig(MetricsConfig.getDefault())
                        .build();
        try (appender) {
            appender.addAll(rows);
        }
        return new Written(file.toByteArray(), appender.metrics());
    }

    private static Map<String, String> with(Map<String, String> properties, String version) {
        Map<String, String> all = new HashMap<>(properties);
        all.put(TableProperties.PARQUET_COMPRESSION, "zstd");
        all.put(TableProperties.PARQUET_PAGE_VERSION, version);
        return all.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
