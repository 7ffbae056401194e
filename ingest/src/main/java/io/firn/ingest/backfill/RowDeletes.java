package io.firn.ingest.backfill;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.data.BaseDeleteLoader;
import org.apache.iceberg.data.GenericFileWriterFactory;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.Deletes;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.encryption.EncryptingFileIO;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DeleteWriteResult;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.util.ContentFileUtil;
import org.jspecify.annotations.Nullable;

/**
 * The old rows of a chunk: files of which nothing is left go away, of others the rows are marked by position, in one
 * delete file a data file (a deletion vector from format 3 on) that takes over what an earlier one said.
 */
final class RowDeletes {
    private static final int FIRST_DELETION_VECTORS = 3;

    private final Table table;
    private final UUID id;
    private final EncryptingFileIO io;
    private final List<DataFile> dropped = new ArrayList<>();
    private final List<DeleteFile> added = new ArrayList<>();
    private final List<DeleteFile> removed = new ArrayList<>();
    private final List<String> marked = new ArrayList<>();
    private final List<String> locations = new ArrayList<>();
    private final OutputFileFactory vectorFiles;

    /** @param id another one for every attempt at a chunk; part of the names of files */
    RowDeletes(Table table, UUID id) {
        this.table = table;
        this.id = id;
        this.io = EncryptingFileIO.combine(table.io(), table.encryption());
        this.vectorFiles = files(FileFormat.PUFFIN);
    }

    static PositionDeleteIndex noPositions() {
        return Deletes.toPositionIndex(CloseableIterable.empty());
    }

    void drop(FileScanTask file) {
        dropped.add(file.file());
        removed.addAll(aboutItAlone(file));
    }

    void mark(FileScanTask file, PositionDeleteIndex positions) throws IOException {
        marked.add(file.file().location());
        if (TableUtil.formatVersion(table) >= FIRST_DELETION_VECTORS) {
            markByVector(file, positions);
        } else {
            markByPositions(file, positions);
        }
    }

    List<DataFile> dropped() {
        return dropped;
    }

    List<DeleteFile> added() {
        return added;
    }

    List<DeleteFile> removed() {
        return removed;
    }

    /** Data files that stay with fewer rows. */
    List<String> marked() {
        return marked;
    }

    /** Of every file written. */
    List<String> locations() {
        return locations;
    }

    private void markByPositions(FileScanTask task, PositionDeleteIndex positions) throws IOException {
        List<DeleteFile> previous = aboutItAlone(task);
        if (!previous.isEmpty()) {
            positions.merge(load(previous, task.file()));
        }
        removed.addAll(previous);
        EncryptedOutputFile target =
                files(FileFormat.PARQUET).newOutputFile(task.spec(), task.file().partition());
        locations.add(target.encryptingOutputFile().location());
        PositionDeleteWriter<Record> writer = new GenericFileWriterFactory.Builder(table)
                .deleteFileFormat(FileFormat.PARQUET)
                .build()
                .newPositionDeleteWriter(target, task.spec(), task.file().partition());
        try (writer) {
            PositionDelete<Record> row = PositionDelete.create();
            positions.forEach(position -> writer.write(row.set(task.file().location(), position)));
        }
        added.add(writer.toDeleteFile());
    }

    /** One file a vector: clean-up by path must not take a vector away that is still in use. */
    private void markByVector(FileScanTask task, PositionDeleteIndex positions) throws IOException {
        BaseDVFileWriter writer = new BaseDVFileWriter(vectorFiles, location -> previous(task));
        try (writer) {
            writer.delete(
                    task.file().location(), positions, task.spec(), task.file().partition());
        }
        DeleteWriteResult result = writer.result();
        added.addAll(result.deleteFiles());
        result.deleteFiles().forEach(vector -> locations.add(vector.location()));
        removed.addAll(result.rewrittenDeleteFiles());
    }

    private @Nullable PositionDeleteIndex previous(FileScanTask task) {
        List<DeleteFile> deletes = task.deletes().stream()
                .filter(delete -> delete.content() == FileContent.POSITION_DELETES)
                .toList();
        return deletes.isEmpty() ? null : load(deletes, task.file());
    }

    private PositionDeleteIndex load(List<DeleteFile> deletes, DataFile file) {
        return new BaseDeleteLoader(io::newInputFile).loadPositionDeletes(deletes, file.location());
    }

    private static List<DeleteFile> aboutItAlone(FileScanTask task) {
        return task.deletes().stream()
                .filter(delete -> delete.content() == FileContent.POSITION_DELETES
                        && !ContentFileUtil.isDV(delete)
                        && ContentFileUtil.isFileScoped(delete))
                .toList();
    }

    private OutputFileFactory files(FileFormat format) {
        return OutputFileFactory.builderFor(table, 0, added.size())
                .format(format)
                .operationId(id.toString())
                .suffix("deletes")
                .build();
    }
}
