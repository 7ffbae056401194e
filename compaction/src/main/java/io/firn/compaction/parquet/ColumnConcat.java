package io.firn.compaction.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridEncoder;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.jspecify.annotations.Nullable;

/**
 * Makes one column chunk of several.
 *
 * <p>A page without dictionary is copied as it is, not even decompressed. Dictionaries become one; pages whose ids mean
 * the same in it are copied as they are too, of others the ids are translated. Where the one dictionary would grow too
 * large, the remaining pages are written plainly.
 */
final class ColumnConcat {
    private final ColumnDescriptor column;
    private final CompressionCodecName codec;
    private final CompressionCodecFactory codecs;
    private final List<ChunkPages> chunks = new ArrayList<>();
    private final DictionaryUnion union;
    private final int width;
    private int[] ids = new int[0];
    private boolean boundsKnown = true;

    ColumnConcat(
            ColumnDescriptor column, CompressionCodecName codec, CompressionCodecFactory codecs, int dictionaryBytes)
            throws NotCopyableException {
        this.column = column;
        this.codec = codec;
        this.codecs = codecs;
        var type = column.getPrimitiveType();
        boolean isBoolean =
                type.getPrimitiveTypeName() == org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BOOLEAN;
        this.width = isBoolean ? 0 : DictionaryUnion.width(type.getPrimitiveTypeName(), type.getTypeLength());
        this.union = new DictionaryUnion(type.getPrimitiveTypeName(), width, dictionaryBytes);
    }

    void write(ParquetFileWriter out, List<SourceRowGroup> groups, int position) throws IOException {
        long values = 0;
        List<Translation> translations = new ArrayList<>();
        for (SourceRowGroup group : groups) {
            ChunkPages chunk = ChunkPages.of(group, position);
            chunks.add(chunk);
            values += chunk.chunk().getValueCount();
            translations.add(translation(chunk));
            boundsKnown &= chunk.pages().stream().allMatch(ColumnConcat::hasBounds);
        }
        out.startColumn(column, values, codec);
        writeDictionary(out);
        for (int chunk = 0; chunk < chunks.size(); chunk++) {
            for (ChunkPages.Page page : chunks.get(chunk).pages()) {
                write(out, chunks.get(chunk), page, translations.get(chunk));
            }
        }
        out.endColumn();
    }

    /**
     * What the ids of a chunk become.
     *
     * @param ids in the one dictionary; null where the entries are not in it
     * @param entries the chunk's own dictionary page, decompressed
     * @param bounds of the entries in it
     */
    private record Translation(int @Nullable [] ids, byte[] entries, int[] bounds) {
        static final Translation NONE = new Translation(null, new byte[0], new int[0]);

        boolean isIdentity() {
            if (ids == null) {
                return false;
            }
            for (int id = 0; id < ids.length; id++) {
                if (ids[id] != id) {
                    return false;
                }
            }
            return true;
        }
    }

    private Translation translation(ChunkPages chunk) throws IOException {
        ChunkPages.Entries dictionary = chunk.dictionary();
        if (dictionary == null) {
            return Translation.NONE;
        }
        byte[] page = decompress(chunk, dictionary.at(), dictionary.compressed(), dictionary.uncompressed());
        int[] bounds = union.split(page, dictionary.count());
        int[] translated = union.add(page, bounds);
        return new Translation(translated.length < dictionary.count() ? null : translated, page, bounds);
    }

    private void writeDictionary(ParquetFileWriter out) throws IOException {
        for (ChunkPages chunk : chunks) {
            ChunkPages.Entries first = chunk.dictionary();
            if (first != null) {
                byte[] page = union.page();
                BytesInput compressed = compress(BytesInput.from(page));
                out.writeDictionaryPage(new DictionaryPage(compressed, page.length, union.size(), first.encoding()));
                return;
            }
        }
    }

    private void write(ParquetFileWriter out, ChunkPages chunk, ChunkPages.Page page, Translation translation)
            throws IOException {
        if (!page.isDictionaryEncoded() || translation.isIdentity()) {
            copy(out, chunk, page);
            return;
        }
        byte[] bytes = decompress(chunk, page.at(), page.compressed(), page.uncompressed());
        int at = 0;
        int present = page.values();
        if (column.getMaxRepetitionLevel() > 0) {
            requireRunLength(page.repetition());
            at += 4 + DictionaryUnion.littleEndian(bytes, at);
        }
        if (column.getMaxDefinitionLevel() > 0) {
            requireRunLength(page.definition());
            int length = DictionaryUnion.littleEndian(bytes, at);
            present = present(bytes, at + 4, length, page.values());
            at += 4 + length;
        }
        int bits = bytes[at];
        room(present);
        HybridRuns.decode(bytes, at + 1, bytes.length, bits, present, ids);
        BytesInput levels = BytesInput.from(bytes, 0, at);
        int[] translated = translation.ids();
        if (translated == null) {
            BytesInput plain = BytesInput.concat(levels, BytesInput.from(plain(translation, present)));
            emit(out, chunk, page, plain, Encoding.PLAIN);
        } else {
            emit(out, chunk, page, BytesInput.concat(levels, translated(translated, present)), page.encoding());
        }
    }

    private BytesInput translated(int[] translated, int present) throws IOException {
        int bits = BytesUtils.getWidthFromMaxInt(union.size() - 1);
        try (RunLengthBitPackingHybridEncoder encoder =
                new RunLengthBitPackingHybridEncoder(bits, 1 << 12, 1 << 20, HeapByteBufferAllocator.getInstance())) {
            for (int value = 0; value < present; value++) {
                encoder.writeInt(translated[ids[value]]);
            }
            byte[] encoded = encoder.toBytes().toByteArray();
            return BytesInput.concat(BytesInput.from(new byte[] {(byte) bits}), BytesInput.from(encoded));
        }
    }

    private byte[] plain(Translation translation, int present) {
        int[] bounds = translation.bounds();
        int size = 0;
        for (int value = 0; value < present; value++) {
            size = Math.addExact(size, bounds[ids[value] + 1] - bounds[ids[value]]);
        }
        byte[] bytes = new byte[size];
        int at = 0;
        for (int value = 0; value < present; value++) {
            int from = bounds[ids[value]];
            int length = bounds[ids[value] + 1] - from;
            System.arraycopy(translation.entries(), from, bytes, at, length);
            at += length;
        }
        return bytes;
    }

    private int present(byte[] bytes, int at, int length, int values) throws IOException {
        int most = column.getMaxDefinitionLevel();
        room(values);
        HybridRuns.decode(bytes, at, at + length, BytesUtils.getWidthFromMaxInt(most), values, ids);
        int present = 0;
        for (int value = 0; value < values; value++) {
            present += ids[value] == most ? 1 : 0;
        }
        return present;
    }

    private void copy(ParquetFileWriter out, ChunkPages chunk, ChunkPages.Page page) throws IOException {
        if (chunk.chunk().getCodec() == codec) {
            BytesInput bytes = BytesInput.from(chunk.file(), page.at(), page.compressed());
            write(out, chunk, page, bytes, page.uncompressed(), page.encoding());
        } else {
            byte[] bytes = decompress(chunk, page.at(), page.compressed(), page.uncompressed());
            emit(out, chunk, page, BytesInput.from(bytes), page.encoding());
        }
    }

    private void emit(
            ParquetFileWriter out, ChunkPages chunk, ChunkPages.Page page, BytesInput bytes, Encoding encoding)
            throws IOException {
        write(out, chunk, page, compress(bytes), Math.toIntExact(bytes.size()), encoding);
    }

    /** Bounds of a chunk are merged from its pages: where one has none though it has values, no others may count. */
    private static boolean hasBounds(ChunkPages.Page page) {
        Statistics<?> known = page.statistics();
        return known != null && (known.hasNonNullValue() || known.getNumNulls() == page.values());
    }

    private Statistics<?> statistics(ChunkPages chunk, ChunkPages.Page page) throws IOException {
        Statistics<?> known = page.statistics();
        if (known != null && boundsKnown) {
            return known;
        }
        long nulls = known == null ? nulls(chunk, page) : known.getNumNulls();
        return Statistics.getBuilderForReading(column.getPrimitiveType())
                .withNumNulls(nulls)
                .build();
    }

    private long nulls(ChunkPages chunk, ChunkPages.Page page) throws IOException {
        if (column.getMaxDefinitionLevel() == 0) {
            return 0;
        }
        byte[] bytes = decompress(chunk, page.at(), page.compressed(), page.uncompressed());
        int at = 0;
        if (column.getMaxRepetitionLevel() > 0) {
            requireRunLength(page.repetition());
            at += 4 + DictionaryUnion.littleEndian(bytes, at);
        }
        requireRunLength(page.definition());
        return (long) page.values() - present(bytes, at + 4, DictionaryUnion.littleEndian(bytes, at), page.values());
    }

    private void write(
            ParquetFileWriter out,
            ChunkPages chunk,
            ChunkPages.Page page,
            BytesInput compressed,
            int uncompressed,
            Encoding encoding)
            throws IOException {
        out.writeDataPage(
                page.values(),
                uncompressed,
                compressed,
                statistics(chunk, page),
                page.rows(),
                page.repetition(),
                page.definition(),
                encoding);
    }

    private BytesInput compress(BytesInput bytes) throws IOException {
        return codecs.getCompressor(codec).compress(bytes);
    }

    private byte[] decompress(ChunkPages chunk, int at, int compressed, int uncompressed) throws IOException {
        return codecs.getDecompressor(chunk.chunk().getCodec())
                .decompress(BytesInput.from(chunk.file(), at, compressed), uncompressed)
                .toByteArray();
    }

    private void room(int values) {
        if (ids.length < values) {
            ids = new int[Math.max(values, 2 * ids.length)];
        }
    }

    private static void requireRunLength(Encoding levels) throws NotCopyableException {
        if (levels != Encoding.RLE) {
            throw new NotCopyableException("levels encoded as " + levels);
        }
    }
}
