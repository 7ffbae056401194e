package io.firn.catalog.parquet;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Compresses a page by one call. Parquet's own codec opens a stream for each page, which copies it once more and takes
 * it for one of unknown length: tables of megabytes for pages of a hundred kilobytes.
 *
 * <p>Holds an array for the longest page and one for what it may become. Not safe for use by several threads.
 */
final class ZstdPages implements CompressionCodecFactory.BytesInputCompressor {
    private final int level;
    private final Page page = new Page();
    private byte[] packed = new byte[0];

    ZstdPages(int level) {
        this.level = level;
    }

    /** @return valid until the next call */
    @Override
    public BytesInput compress(BytesInput bytes) throws IOException {
        page.reset();
        bytes.writeAllTo(page);
        int most = Math.toIntExact(Zstd.compressBound(page.size()));
        if (packed.length < most) {
            packed = new byte[most];
        }
        long length = Zstd.compressByteArray(packed, 0, packed.length, page.bytes(), 0, page.size(), level);
        if (Zstd.isError(length)) {
            throw new IOException("zstd cannot compress " + page.size() + " bytes: " + Zstd.getErrorName(length));
        }
        return BytesInput.from(packed, 0, (int) length);
    }

    @Override
    public CompressionCodecName getCodecName() {
        return CompressionCodecName.ZSTD;
    }

    @Override
    public void release() {
        // arrays alone
    }

    /** Collects a page's pieces, and shows them where they lie. */
    private static final class Page extends ByteArrayOutputStream {
        byte[] bytes() {
            return buf;
        }
    }
}
