package io.firn.catalog.parquet;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.page.PageWriteStore;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** The columns of one row group. */
final class PagedColumns implements ColumnWriteStore {
    private final List<PagedColumn> columns = new ArrayList<>();
    private final Map<ColumnDescriptor, PagedColumn> byDescriptor = new HashMap<>();

    /** @param withoutDictionary field ids of columns that get none */
    PagedColumns(MessageType schema, PageSettings settings, Set<Integer> withoutDictionary, PageWriteStore pages) {
        for (ColumnDescriptor descriptor : schema.getColumns()) {
            PagedColumn column = new PagedColumn(
                    descriptor,
                    pages.getPageWriter(descriptor),
                    settings,
                    mayHaveDictionary(descriptor, withoutDictionary));
            columns.add(column);
            byDescriptor.put(descriptor, column);
        }
    }

    /** The columns of a variant have no id. */
    private static boolean mayHaveDictionary(ColumnDescriptor column, Set<Integer> without) {
        Type.ID id = column.getPrimitiveType().getId();
        return id == null || !without.contains(id.intValue());
    }

    @Override
    public ColumnWriter getColumnWriter(ColumnDescriptor descriptor) {
        return Objects.requireNonNull(byDescriptor.get(descriptor), () -> "no column " + descriptor);
    }

    /** Of each column, in the schema's order. */
    List<LevelCounts> counts() {
        return columns.stream().map(PagedColumn::counts).toList();
    }

    @Override
    public void flush() {
        columns.forEach(PagedColumn::flush);
    }

    /** Columns see by the repetition where a row begins. */
    @Override
    public void endRecord() {
        // nothing to do
    }

    @Override
    public long getAllocatedSize() {
        long bytes = 0;
        for (PagedColumn column : columns) {
            bytes += column.heapBytes();
        }
        return bytes;
    }

    @Override
    public long getBufferedSize() {
        long bytes = 0;
        for (PagedColumn column : columns) {
            bytes += column.getBufferedSizeInMemory();
        }
        return bytes;
    }

    @Override
    public String memUsageString() {
        return getAllocatedSize() + " bytes in " + columns.size() + " columns";
    }

    @Override
    public void close() {
        columns.forEach(PagedColumn::close);
    }
}
