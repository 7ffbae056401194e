package io.firn.compaction.parquet;

import io.firn.catalog.parquet.ColumnAgreement;
import io.firn.catalog.parquet.ColumnFault;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopCodecs;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.schema.MessageType;

/**
 * One Parquet file made of several of the same schema, row group by row group of the size wanted. Holds the compressed
 * bytes of one row group in memory, and one column's pages where they are translated.
 */
public final class PageConcat implements Closeable {
    private final MessageType schema;
    private final ColumnAgreement agreement;
    private final CompressionCodecName codec;
    private final long rowGroupBytes;
    private final int dictionaryBytes;
    private final ParquetReadOptions options;
    private final CompressionCodecFactory codecs;
    private final ParquetFileWriter out;
    private final List<SourceRowGroup> waiting = new ArrayList<>();
    private final List<ParquetFileReader> readers = new ArrayList<>();
    private long waitingBytes;
    private long waitingRows;

    /**
     * @param rowGroupBytes about the compressed size of a row group
     * @param dictionaryBytes most bytes of a column's dictionary
     */
    public PageConcat(
            OutputFile file, MessageType schema, CompressionCodecName codec, long rowGroupBytes, int dictionaryBytes)
            throws IOException {
        this.schema = schema;
        this.agreement = new ColumnAgreement(schema);
        this.codec = codec;
        this.rowGroupBytes = rowGroupBytes;
        this.dictionaryBytes = dictionaryBytes;
        // Hadoop's own configuration parses its defaults each time anew, which takes longer than a small file's copy.
        this.options =
                ParquetReadOptions.builder(new PlainParquetConfiguration()).build();
        this.codecs = HadoopCodecs.newFactory(new PlainParquetConfiguration(), 1 << 20);
        this.out = new ParquetFileWriter(
                file,
                schema,
                ParquetFileWriter.Mode.CREATE,
                rowGroupBytes,
                0,
                null,
                ParquetProperties.builder().build());
        out.start();
    }

    /**
     * Appends all rows of a file.
     *
     * @param file its bytes, as a whole; not to be changed until this is closed
     * @throws NotCopyableException where it is of another schema, or of a shape that can not be copied
     * @throws IOException where its columns do not have the entries that its rows demand
     */
    public void append(byte[] file) throws IOException {
        ParquetFileReader reader = ParquetFileReader.open(new MemoryFile(file), options);
        readers.add(reader);
        ParquetMetadata footer = reader.getFooter();
        if (!footer.getFileMetaData().getSchema().getFields().equals(schema.getFields())) {
            throw new NotCopyableException("a file of another schema");
        }
        for (BlockMetaData block : footer.getBlocks()) {
            if (block.getRowCount() == 0) {
                continue;
            }
            requireCopyable(block);
            requireAgreement(block);
            if (!waiting.isEmpty()
                    && (waitingBytes + block.getCompressedSize() > rowGroupBytes
                            || waitingRows + block.getRowCount() > Integer.MAX_VALUE / 2)) {
                flush();
                readers.add(reader);
            }
            waiting.add(new SourceRowGroup(file, reader, block));
            waitingBytes += block.getCompressedSize();
            waitingRows += block.getRowCount();
        }
    }

    /**
     * Ends the file.
     *
     * @throws IOException where the columns of what was written do not fit together
     */
    public ParquetMetadata finish(Map<String, String> keyValues) throws IOException {
        if (!waiting.isEmpty()) {
            flush();
        }
        out.end(keyValues);
        for (BlockMetaData block : out.getFooter().getBlocks()) {
            requireAgreement(block);
        }
        return out.getFooter();
    }

    /** Bytes of the file; after its end. */
    public long length() throws IOException {
        return out.getPos();
    }

    private void flush() throws IOException {
        out.startBlock(waitingRows);
        List<ColumnDescriptor> columns = schema.getColumns();
        for (int column = 0; column < columns.size(); column++) {
            new ColumnConcat(columns.get(column), codec, codecs, dictionaryBytes).write(out, waiting, column);
        }
        out.endBlock();
        waiting.clear();
        waitingBytes = 0;
        waitingRows = 0;
        readers.clear();
    }

    private void requireAgreement(BlockMetaData block) throws IOException {
        List<ColumnFault> faults = agreement.faults(block);
        if (!faults.isEmpty()) {
            throw new IOException("a row group whose columns disagree: " + faults.get(0));
        }
    }

    private void requireCopyable(BlockMetaData block) throws NotCopyableException {
        List<ColumnDescriptor> columns = schema.getColumns();
        if (block.getColumns().size() != columns.size()) {
            throw new NotCopyableException("a row group that lacks columns");
        }
        for (int column = 0; column < columns.size(); column++) {
            ColumnChunkMetaData chunk = block.getColumns().get(column);
            if (chunk.isEncrypted()
                    || !java.util.Arrays.equals(
                            chunk.getPath().toArray(), columns.get(column).getPath())) {
                throw new NotCopyableException("columns in another order, or encrypted");
            }
        }
    }

    @Override
    public void close() throws IOException {
        waiting.clear();
        readers.clear();
        codecs.release();
        out.close();
    }
}
