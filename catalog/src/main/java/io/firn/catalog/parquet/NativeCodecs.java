package io.firn.catalog.parquet;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopCodecs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The codecs of data files, and of Kafka's records, that are no Java: their libraries are unpacked to a file at their
 * first use. Where that fails once, by a disk that is full at the moment, they are lost to the process for good.
 */
public final class NativeCodecs {
    private static final Logger LOG = LoggerFactory.getLogger(NativeCodecs.class);

    private NativeCodecs() {}

    /**
     * Uses each once, so that they are there whatever happens later.
     *
     * @throws FirnException {@code codec-unavailable} for zstd, in which every table is written that says nothing else
     */
    public static void load() {
        try {
            use(CompressionCodecName.ZSTD);
        } catch (LinkageError failed) {
            throw FirnException.external(
                    "codec-unavailable",
                    "the library of zstd cannot be loaded: " + FailureText.of(failed),
                    folder(),
                    "make room there, or name a folder that may hold libraries (not mounted noexec) in FIRN_OPTS: "
                            + "-Djava.io.tmpdir=FOLDER",
                    failed);
        }
        try {
            use(CompressionCodecName.SNAPPY);
        } catch (LinkageError failed) {
            LOG.warn(
                    "the library of snappy cannot be loaded ({}): {}; tables and topics that are compressed by it "
                            + "cannot be read or written",
                    folder(),
                    FailureText.of(failed));
        }
    }

    private static void use(CompressionCodecName codec) {
        CompressionCodecFactory codecs = HadoopCodecs.newFactory(new PlainParquetConfiguration(), 1);
        try {
            BytesInput packed = codecs.getCompressor(codec).compress(BytesInput.from(new byte[1]));
            codecs.getDecompressor(codec).decompress(packed, 1).toByteArray();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        } finally {
            codecs.release();
        }
    }

    private static String folder() {
        return "folder " + System.getProperty("java.io.tmpdir");
    }
}
