package io.firn.catalog.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.io.FileAppender;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.parquet.ParquetSchemaUtil;
import org.apache.iceberg.parquet.ParquetUtil;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopCodecs;
import org.apache.parquet.schema.MessageType;

/**
 * A Parquet file whose columns are {@link PagedColumn}s; in all else like Iceberg's own. Not safe for use by several
 * threads.
 */
public final class PagedAppender<T> implements FileAppender<T> {
    private static final int ROWS_BETWEEN_LOOKS = 100;
    private static final int FIRST_COMPRESSED_BYTES = 1 << 16;

    private final MessageType schema;
    private final ColumnAgreement agreement;
    private final String where;
    private final Map<String, String> keyValues;
    private final ParquetValueWriter<T> rows;
    private final PageSettings settings;
    private final Set<Integer> withoutDictionary;
    private final MetricsConfig metrics;
    private final CompressionCodecFactory codecs;
    private final BytesInputCompressor compressor;
    private final ParquetFileWriter out;
    private ColumnChunkPageWriteStore pages;
    private PagedColumns columns;
    private long rowsInGroup;
    private long length;
    private boolean closed;
    private boolean whole;

    /**
     * @param name of the table, for errors
     * @param rows pushes a row into the columns that it is handed at every row group's start
     */
    public PagedAppender(
            String name,
            OutputFile file,
            Schema schema,
            ParquetValueWriter<T> rows,
            PageSettings settings,
            MetricsConfig metrics)
            throws IOException {
        this.schema = ParquetSchemaUtil.convert(schema, "table");
        this.agreement = new ColumnAgreement(this.schema);
        this.where = "table " + name + ", file " + file.location();
        this.keyValues = Map.of("iceberg.schema", SchemaParser.toJson(schema));
        this.rows = rows;
        this.settings = settings;
        this.withoutDictionary = settings.withoutDictionary().stream()
                .map(schema::findField)
                .filter(Objects::nonNull)
                .map(Types.NestedField::fieldId)
                .collect(Collectors.toSet());
        this.metrics = metrics;
        this.codecs = HadoopCodecs.newFactory(settings.compression(), FIRST_COMPRESSED_BYTES);
        this.compressor = settings.codec() == CompressionCodecName.ZSTD
                ? new ZstdPages(settings.zstdLevel())
                : codecs.getCompressor(settings.codec());
        this.out = new ParquetFileWriter(
                new ParquetOutput(file),
                this.schema,
                ParquetFileWriter.Mode.CREATE,
                settings.rowGroupBytes(),
                0,
                null,
                ParquetProperties.builder().build());
        this.pages = newPages();
        this.columns = new PagedColumns(this.schema, settings, withoutDictionary, pages);
        out.start();
        rows.setColumnStore(columns);
    }

    /** Whether it can write such columns: of shapes, Parquet wants figures that only its own writer makes. */
    static boolean canWrite(Schema schema) {
        return TypeUtil.indexById(schema.asStruct()).values().stream()
                .map(field -> field.type().typeId())
                .noneMatch(type -> type == Type.TypeID.GEOMETRY || type == Type.TypeID.GEOGRAPHY);
    }

    private ColumnChunkPageWriteStore newPages() {
        return new ColumnChunkPageWriteStore(
                compressor,
                schema,
                HeapByteBufferAllocator.getInstance(),
                ParquetProperties.DEFAULT_COLUMN_INDEX_TRUNCATE_LENGTH);
    }

    @Override
    public void add(T row) {
        rows.write(0, row);
        rowsInGroup++;
        if (rowsInGroup % ROWS_BETWEEN_LOOKS == 0 && columns.getBufferedSize() >= settings.rowGroupBytes()) {
            endRowGroup();
            pages = newPages();
            columns = new PagedColumns(schema, settings, withoutDictionary, pages);
            rows.setColumnStore(columns);
        }
    }

    private void endRowGroup() {
        try {
            if (rowsInGroup > 0) {
                agreement.require(columns.counts(), rowsInGroup, where);
                columns.flush();
                out.startBlock(rowsInGroup);
                pages.flushToFileWriter(out);
                out.endBlock();
            }
            rowsInGroup = 0;
            pages.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write a row group", e);
        }
    }

    /** Of what is written to the file, and of what waits for its row group. */
    @Override
    public long length() {
        if (closed) {
            return length;
        }
        try {
            return out.getPos() + columns.getBufferedSize();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Metrics metrics() {
        requireClosed();
        return ParquetUtil.footerMetrics(out.getFooter(), rows.metrics(), metrics);
    }

    @Override
    public List<Long> splitOffsets() {
        requireClosed();
        return ParquetUtil.getSplitOffsets(out.getFooter());
    }

    private void requireClosed() {
        if (!whole) {
            throw new IllegalStateException("the file is not closed, or not whole: " + where);
        }
    }

    /** @throws io.firn.catalog.FirnException of kind internal where the columns do not fit together */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            endRowGroup();
            out.end(keyValues);
            length = out.getPos();
            whole = true;
        } finally {
            codecs.release();
            if (!whole) {
                out.close();
            }
        }
    }
}
