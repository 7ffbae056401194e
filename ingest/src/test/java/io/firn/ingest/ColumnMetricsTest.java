package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.encryption.EncryptedFiles;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.parquet.Parquet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What scans skip files by must be what Iceberg's own writer would have said of the same rows. */
class ColumnMetricsTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void countsAndBoundsAreThoseOfIcebergsOwnWriter(long seed) throws IOException {
        RandomShapes shapes = new RandomShapes(new Random(seed));
        Schema schema = shapes.schema();
        TestTable table = TestTable.of(schema);
        List<Record> records = new ArrayList<>();
        RowBatchWriter writer = table.writer();
        for (int i = 0; i < 300; i++) {
            Record record = shapes.record(table.table().schema().asStruct());
            records.add(record);
            TestTable.write(writer, i, shapes.json(record));
        }
        DataFile ours = writer.seal().files().get(0);
        DataFile theirs = written(table, records);
        assertThat(ours.recordCount()).isEqualTo(theirs.recordCount());
        assertThat(ours.valueCounts()).as("values, %s", schema).isEqualTo(theirs.valueCounts());
        assertThat(ours.nullValueCounts()).as("nulls, %s", schema).isEqualTo(theirs.nullValueCounts());
        assertThat(ours.nanValueCounts()).as("not a number, %s", schema).isEqualTo(theirs.nanValueCounts());
        assertThat(ours.lowerBounds()).as("lower, %s", schema).isEqualTo(theirs.lowerBounds());
        assertThat(ours.upperBounds()).as("upper, %s", schema).isEqualTo(theirs.upperBounds());
    }

    private static DataFile written(TestTable table, List<Record> records) throws IOException {
        DataWriter<Record> writer = Parquet.writeData(EncryptedFiles.plainAsEncryptedOutput(
                        table.table().io().newOutputFile("memory://" + UUID.randomUUID() + ".parquet")))
                .forTable(table.table())
                .withSpec(table.table().spec())
                .createWriterFunc(GenericParquetWriter::create)
                .build();
        records.forEach(writer::write);
        writer.close();
        return writer.toDataFile();
    }
}
