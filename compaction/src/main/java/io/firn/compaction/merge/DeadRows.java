package io.firn.compaction.merge;

import io.firn.catalog.WithoutSiteFiles;
import io.firn.catalog.parquet.CheckedRows;
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
import org.apache.iceberg.MetadataColumns;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.io.DeleteSchemaUtil;
import org.apache.iceberg.io.DeleteWriteResult;
import org.apache.iceberg.io.FileAppender;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.util.ContentFileUtil;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/**
 * Marks rows of data files as deleted: by one position delete file a data file in format 2, by deletion vectors in
 * format 3. What a file of such deletes said before is taken over and the file dropped, so each data file has one.
 */
final class DeadRows {
    private static final int FIRST_DELETION_VECTORS = 3;

    private static final String OF_FILES = "write.parquet.";
    private static final String OF_A_COLUMN = ".column.";
    private static final String OF_DELETES = "write.delete.parquet.";

    /** No position comes twice. */
    private static final String POSITIONS_WITHOUT_DICTIONARY =
            TableProperties.PARQUET_DICT_ENCODING_ENABLED_COLUMN_PREFIX + MetadataColumns.DELETE_FILE_POS.name();

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

    private void writePositions(Touched touched) {
        List<DeleteFile> previous = aboutItAlone(touched);
        PositionDeleteIndex all = PositionDeletes.none();
        all.merge(touched.now());
        if (!previous.isEmpty()) {
            all.merge(scans.deleted(previous, touched.task().file()));
        }
        removed.addAll(previous);
        DataFile data = touched.task().file();
        EncryptedOutputFile target = files(FileFormat.PARQUET, "deletes")
                .newOutputFile(touched.task().spec(), data.partition());
        locations.add(target.encryptingOutputFile().location());
        try {
            FileAppender<PositionDelete<Object>> rows = appender(target, data);
            PositionDeleteWriter<Object> file = new PositionDeleteWriter<>(
                    rows,
                    FileFormat.PARQUET,
                    target.encryptingOutputFile().location(),
                    touched.task().spec(),
                    data.partition(),
                    target.keyMetadata());
            try (file) {
                PositionDelete<Object> row = PositionDelete.create();
                // Straight to the appender: the writer would look each row's location up in a set.
                all.forEach(position -> rows.add(row.set(data.location(), position)));
            }
            added.add(file.toDeleteFile());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write deletes of " + data.location(), e);
        }
    }

    private FileAppender<PositionDelete<Object>> appender(EncryptedOutputFile target, DataFile data)
            throws IOException {
        Parquet.WriteBuilder builder = Parquet.write(target)
                .schema(DeleteSchemaUtil.pathPosSchema())
                .metricsConfig(MetricsConfig.forPositionDelete())
                .meta("delete-type", "position")
                .createWriterFunc((MessageType type) ->
                        new CheckedRows<>(new PositionWriter(type, data.location()), type, "table " + table.name()))
                .set(POSITIONS_WITHOUT_DICTIONARY, "false");
        properties(OF_FILES, builder);
        // What the table says of its delete files alone comes before what it says of all.
        properties(OF_DELETES, builder);
        return WithoutSiteFiles.open(builder::build);
    }

    /** Those of single columns are about other files. */
    private void properties(String prefix, Parquet.WriteBuilder builder) {
        table.properties().forEach((name, value) -> {
            if (name.startsWith(prefix) && !name.contains(OF_A_COLUMN)) {
                builder.set(OF_FILES + name.substring(prefix.length()), value);
            }
        });
    }

    /**
     * A file for each vector, although one could hold them all: when one of several is replaced and its snapshot
     * expires, clean-up by path takes the others with it.
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
