package io.firn.compaction.parquet;

import java.io.IOException;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.internal.column.columnindex.ColumnIndex;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.jspecify.annotations.Nullable;

/** A row group of a file that is in memory as a whole. */
final class SourceRowGroup {
    private final byte[] file;
    private final ParquetFileReader reader;
    private final BlockMetaData block;

    SourceRowGroup(byte[] file, ParquetFileReader reader, BlockMetaData block) {
        this.file = file;
        this.reader = reader;
        this.block = block;
    }

    byte[] file() {
        return file;
    }

    long rows() {
        return block.getRowCount();
    }

    long bytes() {
        return block.getCompressedSize();
    }

    ColumnChunkMetaData chunk(int column) {
        return block.getColumns().get(column);
    }

    @Nullable
    ColumnIndex columnIndex(ColumnChunkMetaData chunk) throws IOException {
        return reader.readColumnIndex(chunk);
    }

    @Nullable
    OffsetIndex offsetIndex(ColumnChunkMetaData chunk) throws IOException {
        return reader.readOffsetIndex(chunk);
    }
}
