package io.firn.compaction.rewrite;

import java.util.Map;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.MetadataColumns;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.data.DeleteFilter;
import org.apache.iceberg.data.parquet.InternalReader;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.mapping.NameMappingParser;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.util.PartitionUtil;

/**
 * Rows of a data file that no delete has taken, in the table's current schema, in Iceberg's internal representation.
 * Columns that only the deletes need may follow after the schema's own.
 */
final class LiveRows {
    private final Table table;
    private final Schema schema;

    LiveRows(Table table) {
        this.table = table;
        // Rows of format 3 have an identity that must not change when they move.
        this.schema = TableUtil.formatVersion(table) >= 3
                ? MetadataColumns.schemaWithRowLineage(table.schema())
                : table.schema();
    }

    /** What rows are read and written as. */
    Schema schema() {
        return schema;
    }

    /** Each row is an object of its own. */
    CloseableIterable<StructLike> of(FileScanTask task) {
        Deletes deletes = new Deletes(table.io(), task, table.schema(), schema);
        Schema required = deletes.requiredSchema();
        Map<Integer, ?> constants = PartitionUtil.constantsMap(task);
        Parquet.ReadBuilder read = Parquet.read(table.io().newInputFile(task.file()))
                .project(required)
                .createReaderFunc(type -> InternalReader.<StructLike>create(required, type, constants));
        String mapping = table.properties().get(TableProperties.DEFAULT_NAME_MAPPING);
        if (mapping != null) {
            read.withNameMapping(NameMappingParser.fromJson(mapping));
        }
        return deletes.filter(read.build());
    }

    private static final class Deletes extends DeleteFilter<StructLike> {
        private final FileIO io;

        Deletes(FileIO io, FileScanTask task, Schema table, Schema requested) {
            super(task.file().location(), task.deletes(), table, requested);
            this.io = io;
        }

        @Override
        protected StructLike asStructLike(StructLike row) {
            return row;
        }

        @Override
        protected InputFile getInputFile(String location) {
            return io.newInputFile(location);
        }

        @Override
        protected InputFile loadInputFile(DeleteFile delete) {
            return io.newInputFile(delete);
        }
    }
}
