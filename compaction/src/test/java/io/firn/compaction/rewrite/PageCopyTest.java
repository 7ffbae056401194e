package io.firn.compaction.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.firn.compaction.Orders;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageCopyTest {
    private static final GroupFiles.Copy REFUSE = (group, files, progress) -> fail("copied row by row");

    @TempDir
    Path dir;

    private TestLake lake;

    @BeforeEach
    void openLake() {
        lake = new TestLake(dir);
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    /** Codec, rows of a page, bytes of a dictionary, bytes of a row group. */
    @ParameterizedTest
    @CsvSource({
        "zstd, 20000, 2097152, 134217728",
        "snappy, 20000, 2097152, 134217728",
        "uncompressed, 20000, 2097152, 134217728",
        "gzip, 300, 2097152, 134217728",
        "zstd, 300, 2097152, 200000",
        "zstd, 20000, 4000, 134217728",
        "zstd, 20000, 64, 134217728",
    })
    void rowsAndFiguresAreThoseOfACopyRowByRow(String codec, int pageRows, int dictionary, int rowGroup)
            throws Exception {
        Table table = table(Map.of(
                "write.parquet.compression-codec", codec, "write.parquet.page-row-limit", Integer.toString(pageRows)));
        List<String> before = TestLake.rows(table);
        table.updateProperties()
                .set("write.parquet.dict-size-bytes", Integer.toString(dictionary))
                .set("write.parquet.row-group-size-bytes", Integer.toString(rowGroup))
                .commit();
        table.refresh();

        DataFile byPage = copy(table, new PageCopy(table, REFUSE));
        DataFile byRow = copy(table, new RowCopy(table, RewriteSettings.target(1 << 27), lake.scratch()));

        assertThat(figures(table, byPage)).isEqualTo(figures(table, byRow));
        assertThat(byPage.recordCount()).isEqualTo(byRow.recordCount());
        assertThat(byPage.fileSizeInBytes())
                .isEqualTo(Path.of(URI.create(byPage.location()).getPath())
                        .toFile()
                        .length());
        assertThat(byPage.splitOffsets())
                .hasSize(rowGroup < 1 << 20 ? byPage.splitOffsets().size() : 1);
        assertThat(duckDb(byPage)).isEqualTo(duckDb(byRow)).hasSize(before.size());
        replace(table, byPage);
        assertThat(TestLake.rows(table)).isEqualTo(before);
        assertThat(matching(table))
                .isEqualTo(before.stream()
                        .filter(row -> row.split(", ")[1].equals("sent"))
                        .filter(row -> Long.parseLong(row.split(", ")[0]) >= 4_000)
                        .count());
    }

    @Test
    void boundsThatOneFileLacksAreNotTakenFromTheOthers() throws Exception {
        Table table = table(Map.of());
        List<Record> plain = Orders.rows(8_000, 1_500, 7);
        plain.forEach(row -> row.setField("weight", 1.0));
        List<Record> wide = Orders.rows(9_500, 1_500, 8);
        wide.forEach(row -> row.setField("weight", row.getField("id").equals(9_500L) ? Double.NaN : 1e9));
        table.newDelete().deleteFromRowFilter(Expressions.alwaysTrue()).commit();
        table.newAppend()
                .appendFile(TestFiles.data(table, plain))
                .appendFile(TestFiles.data(table, wide))
                .commit();

        replace(table, copy(table, new PageCopy(table, REFUSE)));

        try (CloseableIterable<Record> found = IcebergGenerics.read(table)
                .where(Expressions.greaterThan("weight", 1e6))
                .build()) {
            assertThat(found).hasSizeGreaterThanOrEqualTo(1_499);
        }
        DataFile made = TestLake.files(table).get(0);
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement();
                ResultSet count = statement.executeQuery("select count(*) from read_parquet('"
                        + URI.create(made.location()).getPath() + "') where weight > 1e6 and not isnan(weight)")) {
            count.next();
            assertThat(count.getLong(1)).isEqualTo(1_499);
        }
    }

    @Test
    void anotherCodecIsPutInPlace() throws Exception {
        Table table = table(Map.of("write.parquet.compression-codec", "gzip"));
        List<String> before = TestLake.rows(table);
        table.updateProperties().set("write.parquet.compression-codec", "zstd").commit();
        table.refresh();
        DataFile made = copy(table, new PageCopy(table, REFUSE));
        replace(table, made);
        assertThat(TestLake.rows(table)).isEqualTo(before);
    }

    @Test
    void versionTwoPagesAreCopiedRowByRow() throws Exception {
        Table table = table(Map.of("write.parquet.page-version", "v2"));
        DataFile made =
                copy(table, new PageCopy(table, new RowCopy(table, RewriteSettings.target(1 << 27), lake.scratch())));
        assertThat(made.recordCount()).isEqualTo(7_500);
    }

    @Test
    void aFileOfFewRowsAmongLargerOnesIsCopiedByItsPagesToo() throws Exception {
        Table table = table(Map.of());
        lake.ingest("orders", TestFiles.data(table, Orders.rows(7_500, 3, 9)));
        table.refresh();
        List<String> before = TestLake.rows(table);
        replace(table, copy(table, new PageCopy(table, REFUSE)));
        assertThat(TestLake.rows(table)).isEqualTo(before);
    }

    @Test
    void filesOfFewRowsAreCopiedRowByRow() throws Exception {
        Table table = lake.create(
                "orders", Orders.SCHEMA, PartitionSpec.unpartitioned(), new TreeMap<>(Map.of("format-version", "2")));
        for (int file = 0; file < 5; file++) {
            lake.ingest("orders", TestFiles.data(table, Orders.rows(file * 900L, 900, file)));
        }
        table.refresh();
        AtomicBoolean byRow = new AtomicBoolean();
        GroupFiles.Copy rows = new RowCopy(table, RewriteSettings.target(1 << 27), lake.scratch());
        DataFile made = copy(table, new PageCopy(table, (group, files, progress) -> {
            byRow.set(true);
            rows.copy(group, files, progress);
        }));
        assertThat(byRow).isTrue();
        assertThat(made.recordCount()).isEqualTo(4_500);
    }

    private Table table(Map<String, String> properties) {
        TreeMap<String, String> all = new TreeMap<>(properties);
        all.put("format-version", "2");
        Table table = lake.create("orders", Orders.SCHEMA, PartitionSpec.unpartitioned(), all);
        for (int file = 0; file < 5; file++) {
            lake.ingest("orders", TestFiles.data(table, Orders.rows(file * 1_500L, 1_500, file)));
        }
        table.refresh();
        return table;
    }

    private static DataFile copy(Table table, GroupFiles.Copy copy) throws IOException {
        List<FileScanTask> tasks = TestLake.tasks(table);
        tasks.sort(java.util.Comparator.comparing(task -> task.file().dataSequenceNumber()));
        FileGroup group = new FileGroup(table.spec(), tasks.get(0).file().partition(), tasks);
        GroupFiles files =
                new GroupFiles(table, group, java.util.UUID.randomUUID().toString());
        copy.copy(group, files, file -> {});
        assertThat(files.finished()).hasSize(1);
        return files.finished().get(0);
    }

    private static void replace(Table table, DataFile made) {
        var rewrite = table.newRewrite();
        TestLake.files(table).forEach(rewrite::deleteFile);
        rewrite.addFile(made).commit();
    }

    private static TreeMap<String, Object> figures(Table table, DataFile file) {
        TreeMap<String, Object> figures = new TreeMap<>();
        figures.put("values", file.valueCounts());
        figures.put("nulls", file.nullValueCounts());
        figures.put("nans", file.nanValueCounts());
        file.lowerBounds().forEach((id, bound) -> figures.put("lower " + id, value(table, id, bound)));
        file.upperBounds().forEach((id, bound) -> figures.put("upper " + id, value(table, id, bound)));
        return figures;
    }

    private static Object value(Table table, int id, java.nio.ByteBuffer bound) {
        return Conversions.fromByteBuffer(table.schema().findType(id), bound).toString();
    }

    /** Uses row group statistics, dictionaries and page indexes where the reader does. */
    private static long matching(Table table) throws IOException {
        long rows = 0;
        try (CloseableIterable<Record> records = IcebergGenerics.read(table)
                .where(Expressions.and(
                        Expressions.equal("status", "sent"), Expressions.greaterThanOrEqual("id", 4_000L)))
                .build()) {
            for (Record record : records) {
                assertThat(record.getField("status")).isEqualTo("sent");
                rows++;
            }
        }
        assertThat(table.schema().findType("id")).isEqualTo(Types.LongType.get());
        return rows;
    }

    private static List<String> duckDb(DataFile file) throws SQLException {
        String path = URI.create(file.location()).getPath();
        List<String> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("select cast(t as varchar) from read_parquet('" + path
                        + "') t where id >= 0 and (status is null or status <> 'none')")) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }
}
