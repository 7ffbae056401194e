package io.firn.compaction.merge;

import java.util.List;
import org.apache.iceberg.MetadataColumns;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.parquet.TripleWriter;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;

/** Rows of a position delete file about one data file: its location is made bytes once, not for every row. */
final class PositionWriter implements ParquetValueWriter<PositionDelete<Object>> {
    private final ColumnDescriptor[] descriptors;
    private final Binary location;
    private ColumnWriter[] writers = new ColumnWriter[0];

    PositionWriter(MessageType type, String location) {
        this.descriptors = new ColumnDescriptor[] {
            type.getColumnDescription(new String[] {MetadataColumns.DELETE_FILE_PATH.name()}),
            type.getColumnDescription(new String[] {MetadataColumns.DELETE_FILE_POS.name()})
        };
        this.location = Binary.fromString(location);
    }

    @Override
    public void setColumnStore(ColumnWriteStore store) {
        writers = new ColumnWriter[] {store.getColumnWriter(descriptors[0]), store.getColumnWriter(descriptors[1])};
    }

    @Override
    public void write(int repetition, PositionDelete<Object> row) {
        writers[0].write(location, 0, 0);
        writers[1].write(row.pos(), 0, 0);
    }

    @Override
    public List<TripleWriter<?>> columns() {
        return List.of();
    }
}
