package io.firn.catalog.parquet;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.util.PropertyUtil;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.codec.ZstandardCodec;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * How a table's properties want its Parquet files.
 *
 * @param rowGroupBytes about what a row group may hold before it is written
 * @param pageBytes,pageRows a page is closed at whichever comes first
 * @param dictionaryBytes of a column's dictionary, beyond which its values are written plainly
 * @param withoutDictionary names of columns that get no dictionary, as Iceberg has them: {@code list.element}
 */
public record PageSettings(
        long rowGroupBytes,
        int pageBytes,
        int pageRows,
        int dictionaryBytes,
        CompressionCodecName codec,
        PlainParquetConfiguration compression,
        Set<String> withoutDictionary) {
    private static final String PARQUET = "write.parquet.";

    /**
     * Properties that this writer follows. Those of row groups' checks are about the cost of another writer's checks.
     */
    private static final Set<String> FOLLOWED = Set.of(
            TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES,
            TableProperties.PARQUET_ROW_GROUP_CHECK_MIN_RECORD_COUNT,
            TableProperties.PARQUET_ROW_GROUP_CHECK_MAX_RECORD_COUNT,
            TableProperties.PARQUET_PAGE_SIZE_BYTES,
            TableProperties.PARQUET_PAGE_ROW_LIMIT,
            TableProperties.PARQUET_DICT_SIZE_BYTES,
            TableProperties.PARQUET_COMPRESSION,
            TableProperties.PARQUET_COMPRESSION_LEVEL);

    public PageSettings {
        withoutDictionary = Set.copyOf(withoutDictionary);
    }

    /**
     * Whether files can be written as these properties say: no bloom filters, none of Parquet's second page format, a
     * known codec, and nothing that a later version may bring.
     */
    public static boolean cover(Map<String, String> properties) {
        for (String key : properties.keySet()) {
            if (key.startsWith(PARQUET)
                    && !FOLLOWED.contains(key)
                    && !key.startsWith(TableProperties.PARQUET_DICT_ENCODING_ENABLED_COLUMN_PREFIX)) {
                return false;
            }
        }
        return switch (properties
                .getOrDefault(
                        TableProperties.PARQUET_COMPRESSION, TableProperties.PARQUET_COMPRESSION_DEFAULT_SINCE_1_4_0)
                .toLowerCase(Locale.ROOT)) {
            case "zstd" -> true;
            case "uncompressed", "snappy" -> !properties.containsKey(TableProperties.PARQUET_COMPRESSION_LEVEL);
            default -> false;
        };
    }

    /** Of zstd, as the table says it or else as Parquet has it. */
    int zstdLevel() {
        return compression.getInt(
                ZstandardCodec.PARQUET_COMPRESS_ZSTD_LEVEL, ZstandardCodec.DEFAULT_PARQUET_COMPRESS_ZSTD_LEVEL);
    }

    /** @throws IllegalArgumentException where {@link #cover} says no, or a number is none */
    public static PageSettings of(Map<String, String> properties) {
        if (!cover(properties)) {
            throw new IllegalArgumentException("not of this writer: " + properties.keySet());
        }
        CompressionCodecName codec = CompressionCodecName.valueOf(properties
                .getOrDefault(
                        TableProperties.PARQUET_COMPRESSION, TableProperties.PARQUET_COMPRESSION_DEFAULT_SINCE_1_4_0)
                .toUpperCase(Locale.ROOT));
        PlainParquetConfiguration compression = new PlainParquetConfiguration();
        String level = properties.get(TableProperties.PARQUET_COMPRESSION_LEVEL);
        if (level != null && codec == CompressionCodecName.ZSTD) {
            compression.set(ZstandardCodec.PARQUET_COMPRESS_ZSTD_LEVEL, level);
        }
        String prefix = TableProperties.PARQUET_DICT_ENCODING_ENABLED_COLUMN_PREFIX;
        Set<String> without = properties.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix) && !Boolean.parseBoolean(entry.getValue()))
                .map(entry -> entry.getKey().substring(prefix.length()))
                .collect(Collectors.toSet());
        return new PageSettings(
                PropertyUtil.propertyAsLong(
                        properties,
                        TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES,
                        TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES_DEFAULT),
                PropertyUtil.propertyAsInt(
                        properties,
                        TableProperties.PARQUET_PAGE_SIZE_BYTES,
                        TableProperties.PARQUET_PAGE_SIZE_BYTES_DEFAULT),
                PropertyUtil.propertyAsInt(
                        properties,
                        TableProperties.PARQUET_PAGE_ROW_LIMIT,
                        TableProperties.PARQUET_PAGE_ROW_LIMIT_DEFAULT),
                PropertyUtil.propertyAsInt(
                        properties,
                        TableProperties.PARQUET_DICT_SIZE_BYTES,
                        TableProperties.PARQUET_DICT_SIZE_BYTES_DEFAULT),
                codec,
                compression,
                without);
    }
}
