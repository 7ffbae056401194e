package io.firn.compaction.rewrite;

import io.firn.catalog.parquet.ParquetOutput;
import io.firn.compaction.parquet.NotCopyableException;
import io.firn.compaction.parquet.PageConcat;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FieldMetrics;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.parquet.ParquetSchemaUtil;
import org.apache.iceberg.parquet.ParquetUtil;
import org.apache.iceberg.util.PropertyUtil;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.schema.MessageType;

/**
 * Copies pages where that gives the same rows: no deletes, no sort order, all files of the table's current schema. What
 * it finds to be of another shape it hands on.
 */
final class PageCopy implements GroupFiles.Copy {
    /** Held in memory while a row group is put together. */
    private static final long MOST_ROW_GROUP_BYTES = 64L << 20;

    /**
     * Pages of fewer rows than that are so many and so small that encoding the rows anew is worth it. It is the mean
     * that counts: a quiet second among busy ones is no reason to decode them all.
     */
    private static final long LEAST_ROWS = 1_000;

    private final Table table;
    private final GroupFiles.Copy otherwise;

    /** @param otherwise copies what can not be copied by pages */
    PageCopy(Table table, GroupFiles.Copy otherwise) {
        this.table = table;
        this.otherwise = otherwise;
    }

    @Override
    public void copy(FileGroup group, GroupFiles files, GroupFiles.Progress progress) throws IOException {
        Optional<List<FieldMetrics<?>>> floating =
                fits(group) ? FloatingFigures.of(table, group.files()) : Optional.empty();
        if (floating.isEmpty()) {
            otherwise.copy(group, files, progress);
            return;
        }
        try {
            concat(group, files, floating.get());
        } catch (NotCopyableException e) {
            files.discard();
            otherwise.copy(group, files, progress);
            return;
        }
        group.files().forEach(progress::read);
    }

    private boolean fits(FileGroup group) {
        Map<String, String> properties = table.properties();
        return TableUtil.formatVersion(table) < 3
                && table.sortOrder().isUnsorted()
                && !group.hasDeletes()
                && properties.keySet().stream()
                        .noneMatch(key -> key.startsWith(TableProperties.PARQUET_BLOOM_FILTER_COLUMN_ENABLED_PREFIX))
                && group.files().stream().allMatch(file -> file.fileSizeInBytes() <= MOST_ROW_GROUP_BYTES)
                && meanRows(group.files()) >= LEAST_ROWS;
    }

    /** Of a row group, as far as the files' entries tell. */
    private static long meanRows(List<DataFile> files) {
        long rows = 0;
        long rowGroups = 0;
        for (DataFile file : files) {
            List<Long> offsets = file.splitOffsets();
            rows += file.recordCount();
            rowGroups += offsets == null ? 1 : offsets.size();
        }
        return rows / Math.max(1, rowGroups);
    }

    private void concat(FileGroup group, GroupFiles files, List<FieldMetrics<?>> floating) throws IOException {
        MessageType schema = ParquetSchemaUtil.convert(table.schema(), "table");
        OutputFile file = files.begin();
        ParquetMetadata footer;
        long length;
        try (PageConcat concat =
                new PageConcat(new ParquetOutput(file), schema, codec(), rowGroupBytes(), dictionaryBytes())) {
            for (DataFile each : group.files()) {
                append(concat, each);
            }
            footer = concat.finish(Map.of("iceberg.schema", SchemaParser.toJson(table.schema())));
            length = concat.length();
        }
        Metrics metrics = ParquetUtil.footerMetrics(footer, floating.stream(), MetricsConfig.forTable(table));
        files.finish(DataFiles.builder(group.spec())
                .withPath(file.location())
                .withFormat(FileFormat.PARQUET)
                .withPartition(group.partition())
                .withFileSizeInBytes(length)
                .withMetrics(metrics)
                .withSplitOffsets(ParquetUtil.getSplitOffsets(footer))
                .build());
    }

    private void append(PageConcat concat, DataFile file) throws IOException {
        byte[] bytes = read(file);
        try {
            concat.append(bytes);
        } catch (NotCopyableException another) {
            throw another;
        } catch (IOException damaged) {
            throw new IOException(damaged.getMessage() + " (file " + file.location() + ")", damaged);
        }
    }

    private byte[] read(DataFile file) throws IOException {
        try (InputStream in = table.io().newInputFile(file).newStream()) {
            byte[] bytes = in.readNBytes(Math.toIntExact(file.fileSizeInBytes()));
            if (bytes.length != file.fileSizeInBytes()) {
                throw new NotCopyableException("a file of another length than the table says");
            }
            return bytes;
        }
    }

    private CompressionCodecName codec() throws NotCopyableException {
        String name = table.properties()
                .getOrDefault(
                        TableProperties.PARQUET_COMPRESSION, TableProperties.PARQUET_COMPRESSION_DEFAULT_SINCE_1_4_0);
        try {
            return CompressionCodecName.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new NotCopyableException("compression " + name);
        }
    }

    private long rowGroupBytes() {
        return Math.min(
                MOST_ROW_GROUP_BYTES,
                PropertyUtil.propertyAsLong(
                        table.properties(),
                        TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES,
                        TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES_DEFAULT));
    }

    private int dictionaryBytes() {
        return PropertyUtil.propertyAsInt(
                table.properties(),
                TableProperties.PARQUET_DICT_SIZE_BYTES,
                TableProperties.PARQUET_DICT_SIZE_BYTES_DEFAULT);
    }
}
