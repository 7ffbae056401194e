package io.firn.compaction.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import io.firn.compaction.scan.FileScans;
import io.firn.compaction.scan.RowCursor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Default values and types that only another engine writes, in files that are older than the columns. */
class RowsOfFormat3Test {
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

    @Test
    void aFileOlderThanAColumnReadsAsTheColumnsInitialDefault() throws IOException {
        Table table = withDefaults();
        try (CloseableIterable<RowCursor> rows = new FileScans(table)
                .rows(TestLake.files(table).get(0), table.schema().columns(), Expressions.alwaysTrue())) {
            int count = 0;
            for (RowCursor row : rows) {
                assertThat(row.column(0).asLong()).isEqualTo(count++);
                assertThat(new String(
                                row.column(1).bytes(),
                                row.column(1).start(),
                                row.column(1).length(),
                                StandardCharsets.UTF_8))
                        .isEqualTo("none");
                assertThat(row.column(2).asLong()).isEqualTo(-7);
                assertThat(row.column(2).isNull()).isFalse();
                assertThat(row.column(3).asDouble()).isEqualTo(1.5);
                assertThat(row.column(4).isNull()).isTrue();
                assertThat(row.column(1).asObject(Types.StringType.get())).isEqualTo("none");
            }
            assertThat(count).isEqualTo(3);
        }
    }

    @Test
    void rewrittenRowsKeepTheInitialDefault() throws IOException {
        Table table = withDefaults();
        List<String> before = TestLake.rows(table);
        assertThat(before).contains("0, none, -7, 1.5, null");
        // From now on absent fields get another value; what is there keeps the one that it had.
        table.updateSchema().updateColumnDefault("text", Literal.of("changed")).commit();
        rewrite(table);
        assertThat(TestLake.rows(table)).isEqualTo(before);
    }

    @Test
    void columnsOfTypesThatFirnDoesNotWriteStayNullInRewrittenFiles() throws IOException {
        Table table = lake.create(
                "orders",
                new Schema(
                        NestedField.required(1, "id", Types.LongType.get()),
                        NestedField.optional(2, "v", Types.VariantType.get()),
                        NestedField.optional(3, "u", Types.UnknownType.get()),
                        NestedField.optional(4, "g", Types.GeometryType.crs84()),
                        NestedField.optional(5, "h", Types.GeographyType.crs84())),
                PartitionSpec.unpartitioned(),
                Map.of("format-version", "3"));
        lake.ingest("orders", TestFiles.data(table, rows(table, 3)));
        table.refresh();
        List<String> before = TestLake.rows(table);
        assertThat(before).hasSize(3).contains("0, null, null, null, null");
        rewrite(table);
        assertThat(TestLake.rows(table)).isEqualTo(before);
    }

    private Table withDefaults() {
        Table table = lake.create(
                "orders",
                new Schema(NestedField.required(1, "id", Types.LongType.get())),
                PartitionSpec.unpartitioned(),
                Map.of("format-version", "3"));
        lake.ingest("orders", TestFiles.data(table, rows(table, 3)));
        table.refresh();
        table.updateSchema()
                .addColumn("text", Types.StringType.get(), Literal.of("none"))
                .addColumn("number", Types.IntegerType.get(), Literal.of(-7))
                .addColumn("weight", Types.DoubleType.get(), Literal.of(1.5))
                .addColumn("empty", Types.StringType.get())
                .commit();
        return table;
    }

    private static List<Record> rows(Table table, int count) {
        List<Record> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            GenericRecord row = GenericRecord.create(table.schema());
            row.setField("id", (long) i);
            rows.add(row);
        }
        return rows;
    }

    private void rewrite(Table table) throws IOException {
        List<FileScanTask> tasks = TestLake.tasks(table);
        FileGroup group = new FileGroup(table.spec(), tasks.get(0).file().partition(), tasks);
        GroupFiles files = new GroupFiles(table, group, UUID.randomUUID().toString());
        new RowCopy(table, RewriteSettings.target(1 << 27), lake.scratch()).copy(group, files, file -> {});
        var rewrite = table.newRewrite();
        TestLake.files(table).forEach(rewrite::deleteFile);
        files.finished().forEach(rewrite::addFile);
        rewrite.commit();
    }
}
