package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.parquet.FileCheck;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.write.WriteSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.hadoop.HadoopTables;
import org.apache.iceberg.io.CloseableIterable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many nested records by the real path, with offsets and values around what 31 and 32 bits can count, read back by three
 * readers: Iceberg's, DuckDB, and every column by Parquet's own. {@code -Dfirn.soak.records=10000000} is the long form.
 */
class SoakTest {
    private static final int RECORDS = Integer.getInteger("firn.soak.records", 30_000);
    private static final int RECORDS_PER_COMMIT = 500_000;

    /** Half of the records have an offset that 32 bits count, half have not. */
    private static final long FIRST = (1L << 32) - RECORDS / 2;

    private static final SourcePartition SOURCE = new SourcePartition("orders", "AAAAAAAAAAAAAAAAAAAAAA", 3);

    /** The records of the list lack b, but for one in a thousand. */
    private static String json(long number) {
        StringBuilder list = new StringBuilder();
        for (long i = 0; i < elements(number); i++) {
            list.append(i == 0 ? "{\"a\":" : ",{\"a\":")
                    .append(number + i)
                    .append(number % 1000 == 7 ? ",\"b\":1}" : "}");
        }
        return "{\"id\":" + number + ",\"l\":[" + list + "],\"small\":" + (int) number
                + (number % 3 == 0 ? ",\"text\":\"of " + number % 10 + "\"" : "") + "}";
    }

    private static long elements(long number) {
        return number % 5;
    }

    @Test
    void everyRecordReadsBackBeyondWhatAnIntCanCount(@TempDir Path directory) throws IOException, SQLException {
        Table table = new HadoopTables()
                .create(
                        SourceColumns.appendTo(
                                SchemaText.parse("id long, l list<struct<a long, b long>>, small int, text string")),
                        PartitionSpec.unpartitioned(),
                        directory.resolve("table").toString());
        write(table);
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table).build()) {
            compare(rows);
        }
        duckDb(table);
        columns(table);
    }

    private static void write(Table table) {
        RowBatchWriter writer =
                RowBatchWriter.create(table, DecodeSettings.defaults(), WriteSettings.defaults(UUID.randomUUID()));
        for (long number = FIRST; number < FIRST + RECORDS; number++) {
            byte[] value = json(number).getBytes(StandardCharsets.UTF_8);
            writer.write(SOURCE, number, 1_700_000_000_000L, value, 0, value.length, null);
            if ((number - FIRST + 1) % RECORDS_PER_COMMIT == 0) {
                append(table, writer.seal().files());
            }
        }
        append(table, writer.seal().files());
    }

    private static void append(Table table, List<DataFile> files) {
        var append = table.newAppend();
        files.forEach(append::appendFile);
        append.commit();
    }

    private static void compare(Iterable<Record> rows) {
        java.util.BitSet seen = new java.util.BitSet(RECORDS);
        for (Record row : rows) {
            long number = (Long) row.getField("id");
            List<?> list = (List<?>) row.getField("l");
            boolean fits = row.getField("_source_offset").equals(number)
                    && row.getField("small").equals((int) number)
                    && (number % 3 == 0
                            ? ("of " + number % 10).equals(row.getField("text"))
                            : row.getField("text") == null)
                    && list.size() == elements(number);
            for (int i = 0; fits && i < list.size(); i++) {
                Record element = (Record) list.get(i);
                Object b = element.get(1);
                fits = element.get(0).equals(number + i)
                        && (number % 1000 == 7 ? Long.valueOf(1).equals(b) : b == null);
            }
            if (!fits || seen.get((int) (number - FIRST))) {
                assertThat(row).as("record " + number).isNull();
            }
            seen.set((int) (number - FIRST));
        }
        assertThat(seen.cardinality()).isEqualTo(RECORDS);
    }

    private static List<DataFile> files(Table table) throws IOException {
        List<DataFile> files = new ArrayList<>();
        try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
            tasks.forEach(task -> files.add(task.file()));
        }
        return files;
    }

    /** Counts the records of which any value is another one than was written. */
    private static void duckDb(Table table) throws IOException, SQLException {
        long rows = 0;
        for (DataFile file : files(table)) {
            try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                    Statement statement = connection.createStatement();
                    ResultSet result = statement.executeQuery(
                            """
                            SELECT count(*), count(*) FILTER (NOT (
                                _source_offset = id
                                AND small = CASE WHEN id %% 4294967296 >= 2147483648
                                    THEN id %% 4294967296 - 4294967296 ELSE id %% 4294967296 END
                                AND text IS NOT DISTINCT FROM CASE WHEN id %% 3 = 0 THEN 'of ' || (id %% 10) END
                                AND l IS NOT DISTINCT FROM [{'a': id + i, 'b': CASE WHEN id %% 1000 = 7 THEN 1 END}
                                    for i in range(id %% 5)]))
                            FROM read_parquet('%s')""".formatted(java.net.URI.create(file.location()).getPath()))) {
                result.next();
                rows += result.getLong(1);
                assertThat(result.getLong(2)).as(file.location()).isZero();
            }
        }
        assertThat(rows).isEqualTo(RECORDS);
    }

    private static void columns(Table table) throws IOException {
        for (DataFile file : files(table)) {
            assertThat(FileCheck.of(() -> table.io().newInputFile(file), file, () -> {})
                            .faults())
                    .isEmpty();
        }
    }
}
