package io.firn.compaction;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.jspecify.annotations.Nullable;

/** Files as another engine writes them: with Iceberg's generic writers. */
public final class TestFiles {
    private TestFiles() {}

    public static DataFile data(Table table, List<Record> rows) {
        return data(table, null, rows);
    }

    public static DataFile data(Table table, @Nullable StructLike partition, List<Record> rows) {
        PartitionSpec spec = table.spec();
        try {
            DataWriter<Record> writer = Parquet.writeData(output(table, spec, partition))
                    .forTable(table)
                    .withSpec(spec)
                    .withPartition(partition)
                    .createWriterFunc(type -> GenericParquetWriter.create(table.schema(), type))
                    .build();
            try (writer) {
                rows.forEach(writer::write);
            }
            return writer.toDataFile();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A position delete file of format 2. */
    public static DeleteFile positions(Table table, DataFile file, long... positions) {
        try {
            PositionDeleteWriter<Record> writer = Parquet.writeDeletes(output(table, table.spec(), file.partition()))
                    .metricsConfig(org.apache.iceberg.MetricsConfig.forPositionDelete())
                    .withSpec(table.spec())
                    .withPartition(file.partition())
                    .buildPositionWriter();
            try (writer) {
                for (long position : positions) {
                    writer.write(PositionDelete.<Record>create().set(file.location(), position));
                }
            }
            return writer.toDeleteFile();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletion vector of format 3; the file must have none yet. */
    public static DeleteFile vector(Table table, DataFile file, long... positions) {
        try {
            BaseDVFileWriter writer = new BaseDVFileWriter(
                    OutputFileFactory.builderFor(table, 1, 1)
                            .format(FileFormat.PUFFIN)
                            .build(),
                    path -> null);
            try (writer) {
                for (long position : positions) {
                    writer.delete(file.location(), position, table.spec(), file.partition());
                }
            }
            return writer.result().deleteFiles().get(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletes all rows with that value, whatever file they are in. Unpartitioned tables only. */
    public static DeleteFile equality(Table table, String column, Object value) {
        Schema key = table.schema().select(column);
        try {
            EqualityDeleteWriter<Record> writer = Parquet.writeDeletes(
                            output(table, PartitionSpec.unpartitioned(), null))
                    .forTable(table)
                    .rowSchema(key)
                    .withSpec(PartitionSpec.unpartitioned())
                    .equalityFieldIds(key.columns().get(0).fieldId())
                    .createWriterFunc(type -> GenericParquetWriter.create(key, type))
                    .buildEqualityWriter();
            Record row = GenericRecord.create(key);
            row.setField(column, value);
            try (writer) {
                writer.write(row);
            }
            return writer.toDeleteFile();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static OutputFile output(Table table, PartitionSpec spec, @Nullable StructLike partition) {
        String name = UUID.randomUUID() + ".parquet";
        String location = partition == null || partition.size() == 0
                ? table.locationProvider().newDataLocation(name)
                : table.locationProvider().newDataLocation(spec, partition, name);
        return table.io().newOutputFile(location);
    }
}
