package io.firn.compaction.scan;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Dictionary;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.ValuesType;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.values.ValuesReader;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one column of a row group, value by value. Plain values are read out of the page's bytes where they lie,
 * those of a dictionary are its entries, for other encodings Parquet's own readers do the work.
 */
final class PageValues {
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final byte[] NOTHING = {};
    private static final int INT96_BYTES = 12;

    private enum Source {
        PLAIN,
        DICTIONARY,
        OTHER
    }

    private final ColumnDescriptor column;
    private final PrimitiveTypeName type;
    private final int whenPresent;
    private final int fixedLength;

    private @Nullable PageReader pages;
    private @Nullable Dictionary dictionary;
    private byte @Nullable [][] entries;
    private Source source = Source.PLAIN;
    private int left;
    private @Nullable ValuesReader levels;
    private @Nullable ValuesReader others;
    private @Nullable RunLengthBitPackingHybridDecoder ids;
    private byte[] page = NOTHING;
    private int at;

    /** Where the bytes of the last {@link #nextBytes} are. */
    private byte[] bytes = NOTHING;

    private int start;
    private int length;

    PageValues(ColumnDescriptor column) {
        PrimitiveType primitive = column.getPrimitiveType();
        this.column = column;
        this.type = primitive.getPrimitiveTypeName();
        this.whenPresent = column.getMaxDefinitionLevel();
        this.fixedLength = type == PrimitiveTypeName.INT96 ? INT96_BYTES : primitive.getTypeLength();
    }

    void begin(PageReadStore rowGroup) {
        PageReader reader = rowGroup.getPageReader(column);
        DictionaryPage first = reader.readDictionaryPage();
        pages = reader;
        left = 0;
        entries = null;
        try {
            dictionary = first == null ? null : first.getEncoding().initDictionary(column, first);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot decode a dictionary of column " + column, e);
        }
        Dictionary known = dictionary;
        if (known != null && isBytes()) {
            byte[][] decoded = new byte[known.getMaxId() + 1][];
            for (int id = 0; id < decoded.length; id++) {
                decoded[id] = known.decodeToBinary(id).getBytes();
            }
            entries = decoded;
        }
    }

    private boolean isBytes() {
        return switch (type) {
            case BINARY, FIXED_LEN_BYTE_ARRAY, INT96 -> true;
            default -> false;
        };
    }

    /** Goes to the next row; where its value is not null the matching method has to be called for it. */
    boolean nextIsNull() {
        while (left == 0) {
            load();
        }
        left--;
        return levels != null && levels.readInteger() < whenPresent;
    }

    private void load() {
        PageReader reader = pages;
        DataPage next = reader == null ? null : reader.readPage();
        if (next == null) {
            throw new IllegalStateException("column " + column + " ends before its row group does");
        }
        left = next.getValueCount();
        try {
            next.accept(new DataPage.Visitor<@Nullable Void>() {
                @Override
                public @Nullable Void visit(DataPageV1 one) {
                    load(one);
                    return null;
                }

                @Override
                public @Nullable Void visit(DataPageV2 two) {
                    load(two);
                    return null;
                }
            });
        } catch (UncheckedIOException e) {
            throw new UncheckedIOException("cannot decode a page of column " + column, e.getCause());
        }
    }

    private void load(DataPageV1 one) {
        try {
            ByteBufferInputStream in = one.getBytes().toInputStream();
            one.getRlEncoding()
                    .getValuesReader(column, ValuesType.REPETITION_LEVEL)
                    .initFromPage(left, in);
            ValuesReader definition = one.getDlEncoding().getValuesReader(column, ValuesType.DEFINITION_LEVEL);
            definition.initFromPage(left, in);
            levels = whenPresent == 0 ? null : definition;
            values(one.getValueEncoding(), in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void load(DataPageV2 two) {
        try {
            levels = null;
            if (whenPresent > 0) {
                BytesInput definition = two.getDefinitionLevels();
                levels = new V2Levels(definition.toInputStream());
            }
            values(two.getDataEncoding(), two.getData().toInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Levels of one bit without the length that version 1 puts in front of them. */
    private static final class V2Levels extends ValuesReader {
        private final RunLengthBitPackingHybridDecoder runs;

        V2Levels(ByteBufferInputStream in) {
            runs = new RunLengthBitPackingHybridDecoder(1, in);
        }

        @Override
        public int readInteger() {
            try {
                return runs.readInt();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void skip() {
            readInteger();
        }
    }

    private void values(Encoding encoding, ByteBufferInputStream in) throws IOException {
        if (encoding.usesDictionary()) {
            source = Source.DICTIONARY;
            // A page of nulls alone may leave the width out.
            ids = in.available() == 0 ? null : new RunLengthBitPackingHybridDecoder(in.read(), in);
        } else if (encoding == Encoding.PLAIN && type != PrimitiveTypeName.BOOLEAN) {
            source = Source.PLAIN;
            take(in.slice(in.available()));
        } else {
            source = Source.OTHER;
            ValuesReader reader = encoding.getValuesReader(column, ValuesType.VALUES);
            reader.initFromPage(left, in);
            others = reader;
        }
    }

    private void take(ByteBuffer rest) {
        if (rest.hasArray()) {
            page = rest.array();
            at = rest.arrayOffset() + rest.position();
        } else {
            page = new byte[rest.remaining()];
            rest.get(page);
            at = 0;
        }
    }

    int nextInt() {
        return switch (source) {
            case PLAIN -> {
                at += Integer.BYTES;
                yield (int) INTS.get(page, at - Integer.BYTES);
            }
            case DICTIONARY -> entriesOf().decodeToInt(id());
            case OTHER -> other().readInteger();
        };
    }

    long nextLong() {
        return switch (source) {
            case PLAIN -> {
                at += Long.BYTES;
                yield (long) LONGS.get(page, at - Long.BYTES);
            }
            case DICTIONARY -> entriesOf().decodeToLong(id());
            case OTHER -> other().readLong();
        };
    }

    float nextFloat() {
        return switch (source) {
            case PLAIN -> Float.intBitsToFloat(nextInt());
            case DICTIONARY -> entriesOf().decodeToFloat(id());
            case OTHER -> other().readFloat();
        };
    }

    double nextDouble() {
        return switch (source) {
            case PLAIN -> Double.longBitsToDouble(nextLong());
            case DICTIONARY -> entriesOf().decodeToDouble(id());
            case OTHER -> other().readDouble();
        };
    }

    boolean nextBoolean() {
        return source == Source.DICTIONARY ? entriesOf().decodeToBoolean(id()) : other().readBoolean();
    }

    /** To the next bytes, which then are {@link #bytes} from {@link #start} on. */
    void nextBytes() {
        switch (source) {
            case PLAIN -> {
                length = fixedLength;
                if (type == PrimitiveTypeName.BINARY) {
                    length = (int) INTS.get(page, at);
                    at += Integer.BYTES;
                }
                bytes = page;
                start = at;
                at += length;
            }
            case DICTIONARY -> {
                byte[][] known = entries;
                if (known == null) {
                    throw new IllegalStateException("column " + column + " has no dictionary of bytes");
                }
                bytes = known[id()];
                start = 0;
                length = bytes.length;
            }
            case OTHER -> {
                Binary value = other().readBytes();
                bytes = value.getBytesUnsafe();
                start = 0;
                length = bytes.length;
            }
        }
    }

    byte[] bytes() {
        return bytes;
    }

    int start() {
        return start;
    }

    int length() {
        return length;
    }

    private int id() {
        RunLengthBitPackingHybridDecoder decoder = ids;
        if (decoder == null) {
            throw new IllegalStateException("column " + column + " has a page without values");
        }
        try {
            return decoder.readInt();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot decode a page of column " + column, e);
        }
    }

    private Dictionary entriesOf() {
        Dictionary known = dictionary;
        if (known == null) {
            throw new IllegalStateException("column " + column + " has no dictionary");
        }
        return known;
    }

    private ValuesReader other() {
        ValuesReader reader = others;
        if (reader == null) {
            throw new IllegalStateException("column " + column + " has no page");
        }
        return reader;
    }
}
