package io.firn.catalog.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopCodecs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Held against Parquet's own codec, which reads what every engine reads. */
final class ZstdPagesTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 19})
    void pagesOfAnyLengthAreReadByParquetsCodec(int level) throws IOException {
        ZstdPages pages = new ZstdPages(level);
        // Long ones first: what is left of them must not show in shorter ones.
        for (int length : new int[] {1 << 20, 0, 1, 70_000, 200, 150_000}) {
            byte[] page = page(length);
            BytesInput packed = pages.compress(BytesInput.from(page));
            assertThat(read(packed, length)).isEqualTo(page);
            assertThat(pages.getCodecName()).isEqualTo(CompressionCodecName.ZSTD);
        }
    }

    @Test
    void aPageOfSeveralPiecesIsOne() throws IOException {
        byte[] page = page(3_000);
        BytesInput pieces = BytesInput.concat(
                BytesInput.from(page, 0, 10), BytesInput.empty(), BytesInput.from(page, 10, page.length - 10));
        assertThat(read(new ZstdPages(1).compress(pieces), page.length)).isEqualTo(page);
    }

    @Test
    void whatDoesNotShrinkIsTakenAllTheSame() throws IOException {
        byte[] noise = new byte[100_000];
        new Random(5).nextBytes(noise);
        assertThat(read(new ZstdPages(1).compress(BytesInput.from(noise)), noise.length))
                .isEqualTo(noise);
    }

    @Test
    void aHigherLevelMakesLess() throws IOException {
        byte[] page = page(500_000);
        assertThat(new ZstdPages(19).compress(BytesInput.from(page)).size())
                .isLessThan(new ZstdPages(1).compress(BytesInput.from(page)).size());
    }

    /** Neither constant nor noise. */
    private static byte[] page(int length) {
        Random random = new Random(length);
        byte[] page = new byte[length];
        for (int i = 0; i < length; i++) {
            page[i] = (byte) (random.nextInt(4) > 0 && i > 50 ? page[i - 1 - random.nextInt(50)] : random.nextInt(64));
        }
        return page;
    }

    private static byte[] read(BytesInput packed, int length) throws IOException {
        CompressionCodecFactory codecs = HadoopCodecs.newFactory(new PlainParquetConfiguration(), 1);
        try {
            return codecs.getDecompressor(CompressionCodecName.ZSTD)
                    .decompress(packed, length)
                    .toByteArray();
        } finally {
            codecs.release();
        }
    }
}
