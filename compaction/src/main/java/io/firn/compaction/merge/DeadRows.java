package io.firn.compaction.merge;

import io.firn.compaction.scan.FileScans;
import io.firn.compaction.scan.PositionDeletes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.io.DeleteWriteResult;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.util.ContentFileUtil;
import org.jspecify.annotations.Nullable;

/**
 * Marks rows of data files as deleted: by one position delete file a data file in format 2, by deletion vectors in
 * format 3. What a file of such deletes said before is taken over and the file dropped, so each data file has one.
 */
final class DeadRows {
    private static final int FIRST_DELETION_VECTORS = 3;

    private final Table table;
    private final UUID id;
    private final FileScans scans;
    private final List<String> locations;
    private final List<DeleteFile> added = new ArrayList<>();
    private final List<DeleteFile> removed = new ArrayList<>();
    private final OutputFileFactory vectorFiles;

    /** @param locations takes the location of every file */
    DeadRows(Table table, UUID id, FileScans scans, List<String> locations) {
        this.table = table;
        this.id = id;
        this.scans = scans;
        this.locations = locations;
        this.vectorFiles = files(FileFormat.PUFFIN, "deletes");
    }

    void mark(Touched file) {
        if (TableUtil.formatVersion(table) >= FIRST_DELETION_VECTORS) {
            writeVector(file);
        } else {
            writePositions(file);
        }
    }

    /** Notes that a data file goes away with all of its rows; deletes that are about it alone have to go too. */
    void drop(Touched file) {
        removed.addAll(aboutItAlone(file));
    }

    List<DeleteFile> added() {
        return added;
    }

    List<DeleteFile> removed() {
        return removed;
    }

    private void writePositions(Touched file) {
        List<DeleteFile> previous = aboutItAlone(file);
        PositionDeleteIndex all = PositionDeletes.none();
        all.merge(file.now());
        if (!previous.isEmpty()) {
            all.merge(scans.deleted(previous, file.task().file()));
        }
        removed.addAll(previous);
        DataFile data = file.task().file();
        EncryptedOutputFile target =
                files(FileFormat.PARQUET, "deletes").newOutputFile(file.task().spec(), data.partition());
        locations.add(target.encryptingOutputFile().location());
        try {
            PositionDeleteWriter<Object> writer = Parquet.writeDeletes(target)
                    .setAll(table.properties())
                    .metricsConfig(MetricsConfig.forPositionDelete())
                    .withSpec(file.task().spec())
                    .withPartition(data.partition())
                    .buildPositionWriter();
            try (writer) {
                PositionDelete<Object> row = PositionDelete.create();
                all.forEach(position -> writer.write(row.set(data.location(), position)));
            }
            added.add(writer.toDeleteFile());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write deletes of " + data.location(), e);
        }
    }

    /**
     * A file for each vector, although one could hold them all: when one of several is replaced and its snapshot expires,
     * clean-up by path takes the others with it.
     */
    private void writeVector(Touched file) {
        DataFile data = file.task().file();
        BaseDVFileWriter writer = new BaseDVFileWriter(vectorFiles, location -> previous(file));
        try (writer) {
            writer.delete(data.location(), file.now(), file.task().spec(), data.partition());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write a deletion vector of " + data.location(), e);
        }
        DeleteWriteResult result = writer.result();
        added.addAll(result.deleteFiles());
        result.deleteFiles().forEach(vector -> locations.add(vector.location()));
        removed.addAll(result.rewrittenDeleteFiles());
    }

    private @Nullable PositionDeleteIndex previous(Touched file) {
        List<DeleteFile> deletes = file.task().deletes().stream()
                .filter(delete -> delete.content() == FileContent.POSITION_DELETES)
                .toList();
        return deletes.isEmpty() ? null : scans.deleted(deletes, file.task().file());
    }

    private static List<DeleteFile> aboutItAlone(Touched file) {
        return file.task().deletes().stream()
                .filter(delete -> delete.content() == FileContent.POSITION_DELETES
                        && !ContentFileUtil.isDV(delete)
                        && ContentFileUtil.isFileScoped(delete))
                .toList();
    }

    private OutputFileFactory files(FileFormat format, String suffix) {
        return OutputFileFactory.builderFor(table, 0, added.size())
                .format(format)
                .operationId(id.toString())
                .suffix(suffix)
                .build();
    }
}
