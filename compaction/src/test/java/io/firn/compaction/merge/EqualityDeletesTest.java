package io.firn.compaction.merge;

import static io.firn.compaction.merge.MergeRig.event;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows that another engine deleted by the values of their keys. */
final class EqualityDeletesTest {
    @TempDir
    private static Path folder;

    private static Catalog catalog;

    @BeforeAll
    static void start() {
        catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    /** The scan for the staged keys leaves out deletes of other keys. */
    @ParameterizedTest
    @CsvSource({"2, 0.5", "3, 0.5", "2, 1", "3, 1"})
    void aRowOfAnotherKeyStaysDeletedWhenItsFileIsWrittenAnew(int format, double rewriteShare) throws IOException {
        MergeRig rig = new MergeRig(catalog, folder, false, List.of("void(id)"), format, new Random(1));
        rig.stage(event(1, "a", 0, 0, 1), event(2, "b", 0, 1, 1), event(3, "c", 0, 2, 1), event(4, "d", 0, 3, 1));
        rig.merge();
        deleteByKey(rig.open().keyed(), "d");

        rig.stage(event(11, "a", 0, 4, 2), event(12, "b", 0, 5, 2), event(13, "c", 0, 6, 2));
        rig.merge(rig.settings().withRewriteShare(rewriteShare));

        assertThat(rig.rows()).isEqualTo(Map.of("a", 11L, "b", 12L, "c", 13L));
    }

    private static void deleteByKey(Table table, String key) throws IOException {
        Schema schema = table.schema().select("id");
        StructLike partition = GenericRecord.create(table.spec().partitionType());
        EqualityDeleteWriter<Record> writer = Parquet.writeDeletes(OutputFileFactory.builderFor(table, 9, 9)
                        .format(FileFormat.PARQUET)
                        .build()
                        .newOutputFile(table.spec(), partition))
                .withSpec(table.spec())
                .withPartition(partition)
                .rowSchema(schema)
                .equalityFieldIds(schema.findField("id").fieldId())
                .createWriterFunc(GenericParquetWriter::create)
                .buildEqualityWriter();
        Record record = GenericRecord.create(schema);
        record.setField("id", key);
        try (writer) {
            writer.write(record);
        }
        table.newRowDelta().addDeletes(writer.toDeleteFile()).commit();
    }
}
