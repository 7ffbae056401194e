package io.firn.catalog.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetReaders;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.inmemory.InMemoryInputFile;
import org.apache.iceberg.inmemory.InMemoryOutputFile;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileAppender;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.parquet.ParquetSchemaUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Held against Iceberg's own writer: the same rows come out, and the same figures go to the manifest. */
class PagedAppenderTest {
    private static final Map<String, String> SMALL = Map.of(
            TableProperties.PARQUET_PAGE_SIZE_BYTES, "700",
            TableProperties.PARQUET_PAGE_ROW_LIMIT, "50",
            TableProperties.PARQUET_DICT_SIZE_BYTES, "900",
            TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES, "60000");

    static Stream<Arguments> shapes() {
        return Stream.of(SMALL, Map.<String, String>of())
                .flatMap(properties -> Stream.of(
                        Arguments.of(properties, true, 0.0),
                        Arguments.of(properties, true, 0.3),
                        Arguments.of(properties, false, 0.0),
                        Arguments.of(properties, false, 0.95)));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void rowsAndFiguresAreThoseOfIcebergsWriter(Map<String, String> properties, boolean few, double nulls)
            throws IOException {
        List<Record> rows = new RandomRows(few ? 1 : 2, few, nulls).rows(3_000);
        InMemoryOutputFile own = new InMemoryOutputFile();
        InMemoryOutputFile icebergs = new InMemoryOutputFile();
        Metrics metrics = written(paged(own, RandomRows.SCHEMA, properties), rows);
        Metrics expected = written(iceberg(icebergs, RandomRows.SCHEMA, properties), rows);

        assertThat(read(own, RandomRows.SCHEMA, Expressions.alwaysTrue())).isEqualTo(rows);
        assertThat(metrics.recordCount()).isEqualTo(expected.recordCount());
        assertThat(metrics.valueCounts()).isEqualTo(expected.valueCounts());
        assertThat(metrics.nullValueCounts()).isEqualTo(expected.nullValueCounts());
        assertThat(metrics.nanValueCounts()).isEqualTo(expected.nanValueCounts());
        assertThat(metrics.lowerBounds()).isEqualTo(expected.lowerBounds());
        assertThat(metrics.upperBounds()).isEqualTo(expected.upperBounds());
    }

    @Test
    void pagesAreFoundByTheirBounds() throws IOException {
        List<Record> rows = new RandomRows(3, false, 0.2).rows(3_000);
        InMemoryOutputFile file = new InMemoryOutputFile();
        written(paged(file, RandomRows.SCHEMA, SMALL), rows);
        // UUIDs are left out: Iceberg's filters miss those of its own files too.
        for (Record row : rows.subList(1_000, 1_020)) {
            for (String column : List.of("id", "number", "text", "large", "weight")) {
                Object value = row.getField(column);
                if (value != null) {
                    assertThat(read(file, RandomRows.SCHEMA, Expressions.equal(column, value)))
                            .describedAs(column + " = " + value)
                            .contains(row);
                }
            }
        }
    }

    @Test
    void aDictionaryThatGrowsTooLargeIsLeftInTheMiddleOfAPage() throws IOException {
        Schema schema = new Schema(NestedField.required(1, "text", Types.StringType.get()));
        List<Record> rows = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            Record row = GenericRecord.create(schema);
            row.setField("text", i < 130 ? "one of " + i % 7 : "of its own " + i);
            rows.add(row);
        }
        InMemoryOutputFile file = new InMemoryOutputFile();
        written(paged(file, schema, SMALL), rows);
        assertThat(read(file, schema, Expressions.alwaysTrue())).isEqualTo(rows);
    }

    @Test
    void aColumnThatBeginsWithNullsStillGetsItsDictionary() throws IOException {
        Schema schema = new Schema(NestedField.optional(1, "text", Types.StringType.get()));
        List<Record> rows = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            Record row = GenericRecord.create(schema);
            row.setField("text", i < 120 ? null : "one of a few longer texts " + i % 3);
            rows.add(row);
        }
        Map<String, String> properties = Map.of(
                TableProperties.PARQUET_PAGE_ROW_LIMIT, "50",
                TableProperties.PARQUET_COMPRESSION, "uncompressed");
        InMemoryOutputFile file = new InMemoryOutputFile();
        Metrics metrics = written(paged(file, schema, properties), rows);
        assertThat(read(file, schema, Expressions.alwaysTrue())).isEqualTo(rows);
        assertThat(metrics.columnSizes().get(1)).isLessThan(380 * 26 / 4);
    }

    /** Parquet has other paths for them. */
    @Test
    void columnsInsideListsAndMapsAreNamedAsIcebergNamesThem() throws IOException {
        Schema schema = new Schema(
                NestedField.required(1, "tags", Types.ListType.ofRequired(2, Types.StringType.get())),
                NestedField.required(
                        3, "notes", Types.MapType.ofRequired(4, 5, Types.StringType.get(), Types.StringType.get())));
        List<Record> rows = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            Record row = GenericRecord.create(schema);
            row.setField("tags", List.of("one of a few longer texts " + i % 3));
            row.setField("notes", Map.of("one of a few longer keys", "one of a few longer texts " + i % 3));
            rows.add(row);
        }
        String prefix = TableProperties.PARQUET_DICT_ENCODING_ENABLED_COLUMN_PREFIX;
        Map<String, String> properties = Map.of(
                TableProperties.PARQUET_COMPRESSION,
                "uncompressed",
                prefix + "tags.element",
                "false",
                prefix + "notes.value",
                "false");
        InMemoryOutputFile file = new InMemoryOutputFile();
        Metrics metrics = written(paged(file, schema, properties), rows);
        assertThat(read(file, schema, Expressions.alwaysTrue())).isEqualTo(rows);
        assertThat(metrics.columnSizes().get(2)).isGreaterThan(500 * 27);
        assertThat(metrics.columnSizes().get(4)).isLessThan(500);
        assertThat(metrics.columnSizes().get(5)).isGreaterThan(500 * 27);
    }

    @Test
    void boundsOfAPageWithNaNAreNotTold() throws IOException {
        Schema schema = new Schema(NestedField.optional(1, "ratio", Types.DoubleType.get()));
        List<Record> rows = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Record row = GenericRecord.create(schema);
            row.setField("ratio", i == 77 ? Double.NaN : i % 2 == 0 ? -0.0 : (double) i);
            rows.add(row);
        }
        InMemoryOutputFile own = new InMemoryOutputFile();
        InMemoryOutputFile icebergs = new InMemoryOutputFile();
        Metrics metrics = written(paged(own, schema, SMALL), rows);
        Metrics expected = written(iceberg(icebergs, schema, SMALL), rows);
        assertThat(metrics.nanValueCounts()).isEqualTo(expected.nanValueCounts());
        assertThat(metrics.upperBounds()).isEqualTo(expected.upperBounds());
        assertThat(read(own, schema, Expressions.greaterThan("ratio", 150.0)))
                .containsAll(rows.subList(151, 200).stream()
                        .filter(row -> (double) row.getField("ratio") > 150)
                        .toList());
    }

    /** Of types that other engines write; their columns in Parquet have no ids, or there are none. */
    @Test
    void nullsOfTypesOfFormat3AreWritten() throws IOException {
        Schema schema = new Schema(
                NestedField.required(1, "id", Types.LongType.get()),
                NestedField.optional(2, "v", Types.VariantType.get()),
                NestedField.optional(3, "u", Types.UnknownType.get()));
        Record row = GenericRecord.create(schema);
        row.setField("id", 1L);
        InMemoryOutputFile file = new InMemoryOutputFile();
        written(paged(file, schema, Map.of()), List.of(row, row));
        assertThat(read(file, schema, Expressions.alwaysTrue())).isEqualTo(List.of(row, row));
        assertThat(PagedAppender.canWrite(schema)).isTrue();
        Schema shapes =
                new Schema(NestedField.optional(1, "l", Types.ListType.ofOptional(2, Types.GeographyType.crs84())));
        assertThat(PagedAppender.canWrite(shapes)).isFalse();
    }

    /** Nulls take no bytes of a page. */
    @Test
    void longListsOfNullsMakeSeveralPages() throws IOException {
        Schema schema = new Schema(NestedField.required(1, "l", Types.ListType.ofOptional(2, Types.LongType.get())));
        Record row = GenericRecord.create(schema);
        row.setField("l", java.util.Collections.nCopies(600_000, null));
        InMemoryOutputFile file = new InMemoryOutputFile();
        FileAppender<Record> written = paged(file, schema, Map.of());
        written(written, java.util.Collections.nCopies(3, row));
        try (ParquetFileReader reader =
                ParquetFileReader.open(new ParquetInput(() -> new InMemoryInputFile(file.toByteArray())))) {
            assertThat(reader.readOffsetIndex(
                                    reader.getRowGroups().get(0).getColumns().get(0))
                            .getPageCount())
                    .isEqualTo(2);
        }
        assertThat(FileCheck.of(
                                () -> new InMemoryInputFile(file.toByteArray()),
                                DataFiles.builder(PartitionSpec.unpartitioned())
                                        .withPath("memory")
                                        .withFormat(FileFormat.PARQUET)
                                        .withFileSizeInBytes(1)
                                        .withMetrics(written.metrics())
                                        .build(),
                                () -> {})
                        .faults())
                .isEmpty();
    }

    @Test
    void aFileWithoutRowsIsAFile() throws IOException {
        InMemoryOutputFile file = new InMemoryOutputFile();
        assertThat(written(paged(file, RandomRows.SCHEMA, Map.of()), List.of()).recordCount())
                .isZero();
        assertThat(read(file, RandomRows.SCHEMA, Expressions.alwaysTrue())).isEmpty();
    }

    @Test
    void whatItCannotWriteIsNotTakenOn() {
        assertThat(PageSettings.cover(Map.of())).isTrue();
        assertThat(PageSettings.cover(Map.of(TableProperties.PARQUET_COMPRESSION, "snappy")))
                .isTrue();
        assertThat(PageSettings.cover(Map.of(TableProperties.PARQUET_COMPRESSION, "gzip")))
                .isFalse();
        assertThat(PageSettings.cover(Map.of(TableProperties.PARQUET_PAGE_VERSION, "v2")))
                .isFalse();
        assertThat(PageSettings.cover(
                        Map.of(TableProperties.PARQUET_BLOOM_FILTER_COLUMN_ENABLED_PREFIX + "id", "true")))
                .isFalse();
        assertThat(PageSettings.cover(
                        Map.of(TableProperties.PARQUET_DICT_ENCODING_ENABLED_COLUMN_PREFIX + "id", "false")))
                .isTrue();
    }

    private static FileAppender<Record> paged(InMemoryOutputFile file, Schema schema, Map<String, String> properties)
            throws IOException {
        return new PagedAppender<>(
                "orders",
                file,
                schema,
                GenericParquetWriter.create(schema, ParquetSchemaUtil.convert(schema, "table")),
                PageSettings.of(properties),
                MetricsConfig.getDefault());
    }

    private static FileAppender<Record> iceberg(InMemoryOutputFile file, Schema schema, Map<String, String> properties)
            throws IOException {
        Map<String, String> all = new HashMap<>(properties);
        all.put(TableProperties.PARQUET_COMPRESSION, "zstd");
        return Parquet.write(file)
                .schema(schema)
                .createWriterFunc(type -> GenericParquetWriter.create(schema, type))
                .setAll(all)
                .metricsConfig(MetricsConfig.getDefault())
                .build();
    }

    private static Metrics written(FileAppender<Record> file, List<Record> rows) throws IOException {
        try (file) {
            file.addAll(rows);
        }
        return file.metrics();
    }

    private static List<Record> read(InMemoryOutputFile file, Schema schema, Expression filter) throws IOException {
        try (CloseableIterable<Record> rows = Parquet.read(new InMemoryInputFile(file.toByteArray()))
                .project(schema)
                .filter(filter)
                .set("parquet.page.verify-checksum.enabled", "true")
                .createReaderFunc(type -> GenericParquetReaders.buildReader(schema, type))
                .build()) {
            List<Record> read = new ArrayList<>();
            rows.forEach(read::add);
            return read;
        }
    }
}
