package io.firn.compaction.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.internal.column.columnindex.ColumnIndex;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.apache.parquet.schema.PrimitiveType;
import org.jspecify.annotations.Nullable;

/** The pages of one column chunk: where their bytes are, and what is known of each. */
final class ChunkPages {
    /**
     * A data page of version 1.
     *
     * @param at where its bytes begin, after the header
     * @param rows that begin in it
     * @param statistics bounds that hold for it, and its number of nulls; null where the file does not tell
     */
    record Page(
            int at,
            int compressed,
            int uncompressed,
            int values,
            long rows,
            Encoding encoding,
            Encoding repetition,
            Encoding definition,
            @Nullable Statistics<?> statistics) {
        boolean isDictionaryEncoded() {
            return encoding.usesDictionary();
        }
    }

    /** The dictionary page. */
    record Entries(int at, int compressed, int uncompressed, int count, Encoding encoding) {}

    private final SourceRowGroup group;
    private final ColumnChunkMetaData chunk;
    private final List<Page> pages = new ArrayList<>();
    private @Nullable Entries dictionary;

    private ChunkPages(SourceRowGroup group, ColumnChunkMetaData chunk) {
        this.group = group;
        this.chunk = chunk;
    }

    static ChunkPages of(SourceRowGroup group, int column) throws IOException {
        ChunkPages pages = new ChunkPages(group, group.chunk(column));
        pages.read();
        return pages;
    }

    byte[] file() {
        return group.file();
    }

    ColumnChunkMetaData chunk() {
        return chunk;
    }

    List<Page> pages() {
        return pages;
    }

    /** Null where no page uses one. */
    @Nullable
    Entries dictionary() {
        return pages.stream().anyMatch(Page::isDictionaryEncoded) ? dictionary : null;
    }

    private void read() throws IOException {
        MemoryFile.Positioned in = new MemoryFile.Positioned(group.file());
        in.seek(Math.toIntExact(chunk.getStartingPos()));
        List<PageHeader> headers = new ArrayList<>();
        List<Integer> starts = new ArrayList<>();
        long values = 0;
        while (values < chunk.getValueCount()) {
            PageHeader header = Util.readPageHeader(in);
            int at = in.position();
            if (header.getType() == PageType.DICTIONARY_PAGE) {
                dictionary = new Entries(
                        at,
                        header.getCompressed_page_size(),
                        header.getUncompressed_page_size(),
                        header.getDictionary_page_header().getNum_values(),
                        encoding(header.getDictionary_page_header().getEncoding()));
            } else if (header.getType() == PageType.DATA_PAGE) {
                headers.add(header);
                starts.add(at);
                values += header.getData_page_header().getNum_values();
            } else {
                throw new NotCopyableException("pages of type " + header.getType());
            }
            in.seek(at + header.getCompressed_page_size());
        }
        if (values != chunk.getValueCount()) {
            throw new IOException("the pages of column " + chunk.getPath() + " have " + values
                    + " entries, its footer says " + chunk.getValueCount());
        }
        describe(headers, starts);
    }

    private void describe(List<PageHeader> headers, List<Integer> starts) throws IOException {
        List<@Nullable Statistics<?>> statistics = statistics(headers.size());
        long[] rows = rows(headers);
        for (int page = 0; page < headers.size(); page++) {
            PageHeader header = headers.get(page);
            pages.add(new Page(
                    starts.get(page),
                    header.getCompressed_page_size(),
                    header.getUncompressed_page_size(),
                    header.getData_page_header().getNum_values(),
                    rows[page],
                    encoding(header.getData_page_header().getEncoding()),
                    encoding(header.getData_page_header().getRepetition_level_encoding()),
                    encoding(header.getData_page_header().getDefinition_level_encoding()),
                    statistics.get(page)));
        }
    }

    private long[] rows(List<PageHeader> headers) throws IOException {
        int count = headers.size();
        long[] rows = new long[count];
        if (count == 1) {
            rows[0] = group.rows();
            return rows;
        }
        OffsetIndex index = group.offsetIndex(chunk);
        if (index == null || index.getPageCount() != count || index.getFirstRowIndex(0) != 0) {
            throw new NotCopyableException("several pages and no offset index");
        }
        for (int page = 0; page < count; page++) {
            rows[page] = index.getLastRowIndex(page, group.rows()) - index.getFirstRowIndex(page) + 1;
        }
        return rows;
    }

    private List<@Nullable Statistics<?>> statistics(int count) throws IOException {
        List<@Nullable Statistics<?>> statistics = new ArrayList<>();
        Statistics<?> whole = chunk.getStatistics();
        if (count == 1) {
            statistics.add(whole != null && whole.isNumNullsSet() ? whole : null);
            return statistics;
        }
        ColumnIndex index = group.columnIndex(chunk);
        if (index == null
                || index.getNullCounts() == null
                || index.getNullPages().size() != count) {
            statistics.addAll(Collections.nCopies(count, null));
            return statistics;
        }
        PrimitiveType type = chunk.getPrimitiveType();
        for (int page = 0; page < count; page++) {
            Statistics.Builder builder = Statistics.getBuilderForReading(type)
                    .withNumNulls(index.getNullCounts().get(page));
            if (!index.getNullPages().get(page)) {
                builder.withMin(bytes(index.getMinValues().get(page)))
                        .withMax(bytes(index.getMaxValues().get(page)));
            }
            statistics.add(builder.build());
        }
        return statistics;
    }

    private static byte[] bytes(java.nio.ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static Encoding encoding(org.apache.parquet.format.Encoding encoding) {
        return Encoding.valueOf(encoding.name());
    }
}
