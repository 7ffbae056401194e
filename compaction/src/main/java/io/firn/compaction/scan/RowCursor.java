package io.firn.compaction.scan;

import java.util.List;
import org.apache.iceberg.parquet.ParquetValueReader;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;

/** One row of some columns of a file, the same object from row to row, and its position in the file. */
public final class RowCursor implements ParquetValueReader<RowCursor> {
    private final String location;
    private final ColumnCursor[] columns;
    private long position = -1;

    /**
     * @param location of the file, for messages
     * @param file the file's schema, with field ids
     * @param fields the columns wanted, in the order in which {@link #column} numbers them
     */
    RowCursor(String location, MessageType file, List<NestedField> fields) {
        this.location = location;
        this.columns = new ColumnCursor[fields.size()];
        for (int i = 0; i < columns.length; i++) {
            NestedField field = fields.get(i);
            Type type = find(file, field.fieldId());
            columns[i] = type == null
                    ? ColumnCursor.constant(field.type(), field.initialDefault())
                    : new ColumnCursor(file.getColumnDescription(new String[] {type.getName()}));
        }
    }

    private static @Nullable Type find(MessageType file, int fieldId) {
        for (Type each : file.getFields()) {
            if (each.getId() != null && each.getId().intValue() == fieldId) {
                return each;
            }
        }
        return null;
    }

    public ColumnCursor column(int number) {
        return columns[number];
    }

    /** Where the row is, for a message. */
    public String place() {
        return "row " + position + " of " + location;
    }

    /** Of the row in its file, from 0; rows that a filter leaves out count. */
    public long position() {
        return position;
    }

    @Override
    public RowCursor read(@Nullable RowCursor reuse) {
        for (ColumnCursor column : columns) {
            column.advance();
        }
        position++;
        return this;
    }

    @Override
    public void setPageSource(PageReadStore pages) {
        position = pages.getRowIndexOffset()
                        .orElseThrow(() -> new IllegalStateException("a row group does not say where it begins"))
                - 1;
        for (ColumnCursor column : columns) {
            column.begin(pages);
        }
    }

    @Override
    @SuppressWarnings("rawtypes") // the type argument's class is not public
    public List columns() {
        return List.of();
    }

    @Override
    public org.apache.iceberg.parquet.ColumnIterator<?> column() {
        throw new UnsupportedOperationException("a row has several columns");
    }
}
