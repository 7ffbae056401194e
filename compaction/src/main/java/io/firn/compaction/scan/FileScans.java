package io.firn.compaction.scan;

import io.firn.catalog.FirnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.MetadataColumns;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.data.BaseDeleteLoader;
import org.apache.iceberg.data.GenericDeleteFilter;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetReaders;
import org.apache.iceberg.data.parquet.InternalReader;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.encryption.EncryptingFileIO;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.mapping.NameMapping;
import org.apache.iceberg.mapping.NameMappingParser;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/** Opens data files of one table, and says which of their rows are deleted. */
public final class FileScans {
    private final Table table;
    private final EncryptingFileIO io;
    private final @Nullable NameMapping nameMapping;

    public FileScans(Table table) {
        this.table = table;
        this.io = EncryptingFileIO.combine(table.io(), table.encryption());
        String mapping = table.properties().get(TableProperties.DEFAULT_NAME_MAPPING);
        this.nameMapping = mapping == null ? null : NameMappingParser.fromJson(mapping);
    }

    /**
     * Some columns of the rows of a file, deleted ones too; the same cursor for every row. Row groups that cannot hold
     * a row of the filter are left out.
     *
     * @param columns of simple types, at the top of the table's schema
     * @param filter on columns of the table; other rows may come too
     */
    public CloseableIterable<RowCursor> rows(DataFile file, List<NestedField> columns, Expression filter) {
        CloseableIterable<RowCursor> rows = builder(file, new Schema(columns))
                .filter(filter)
                .createReaderFunc(type -> new RowCursor(file.location(), type, columns))
                .reuseContainers()
                .build();
        return LostFile.named(table, file, rows);
    }

    /** Whole rows in Iceberg's internal representation, deleted ones too, the row's position last. */
    public CloseableIterable<StructLike> records(DataFile file, Schema schema) {
        List<NestedField> columns = new ArrayList<>(schema.columns());
        columns.add(MetadataColumns.ROW_POSITION);
        Schema wanted = new Schema(columns);
        CloseableIterable<StructLike> rows = builder(file, wanted)
                .createReaderFunc(type -> InternalReader.create(wanted, type))
                .reuseContainers()
                .build();
        return LostFile.named(table, file, rows);
    }

    /**
     * The deleted rows of a file, by whatever kind of delete.
     *
     * @param task with its deletes
     * @return null where no row is
     */
    public @Nullable PositionDeleteIndex deleted(FileScanTask task) {
        List<DeleteFile> byPosition = new ArrayList<>();
        boolean byValue = false;
        for (DeleteFile delete : task.deletes()) {
            if (delete.content() == FileContent.EQUALITY_DELETES) {
                byValue = true;
            } else {
                byPosition.add(delete);
            }
        }
        PositionDeleteIndex deleted = byPosition.isEmpty() ? null : deleted(byPosition, task.file());
        if (!byValue) {
            return deleted;
        }
        PositionDeleteIndex all = PositionDeletes.none();
        if (deleted != null) {
            all.merge(deleted);
        }
        addDeletedByValue(task, all);
        return all;
    }

    /** The rows of a data file that position deletes or a deletion vector name. */
    public PositionDeleteIndex deleted(List<DeleteFile> deletes, DataFile file) {
        return new BaseDeleteLoader(delete -> LostFile.named(table, delete, () -> io.newInputFile(delete)))
                .loadPositionDeletes(deletes, file.location());
    }

    /** Equality deletes are foreign to Firn and rare: the columns that they are about are read row by row. */
    private void addDeletedByValue(FileScanTask task, PositionDeleteIndex into) {
        GenericDeleteFilter filter =
                new GenericDeleteFilter(io, task, table.schema(), new Schema(MetadataColumns.ROW_POSITION));
        Schema needed = filter.requiredSchema();
        int position = needed.columns().indexOf(needed.findField(MetadataColumns.ROW_POSITION.fieldId()));
        var isDeleted = filter.eqDeletedRowFilter().negate();
        try (CloseableIterable<Record> rows = builder(task.file(), needed)
                .createReaderFunc(type -> GenericParquetReaders.buildReader(needed, type))
                .build()) {
            for (Record row : rows) {
                if (isDeleted.test(row)) {
                    into.delete((Long) row.get(position));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + task.file().location(), e);
        }
    }

    private Parquet.ReadBuilder builder(DataFile file, Schema projection) {
        requireParquet(file);
        Parquet.ReadBuilder builder = Parquet.read(input(file)).project(projection);
        return nameMapping == null ? builder : builder.withNameMapping(nameMapping);
    }

    private InputFile input(DataFile file) {
        return io.newInputFile(file);
    }

    private void requireParquet(ContentFile<?> file) {
        if (file.format() != FileFormat.PARQUET) {
            throw FirnException.user(
                    "file-format-unsupported",
                    "a data file is " + file.format() + ", and only Parquet can be merged: " + file.location(),
                    "table " + table.name(),
                    "rewrite the table's files as Parquet");
        }
    }
}
