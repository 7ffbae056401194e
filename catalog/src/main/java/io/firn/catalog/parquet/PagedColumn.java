package io.firn.catalog.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.jspecify.annotations.Nullable;

/**
 * One column of a row group: values become the bytes of a page as they come in. The pages are of Parquet's first
 * format, with plain values or ids of a dictionary, as other writers make them.
 *
 * <p>A dictionary is kept where the first page is smaller with it, and until it is too large; what was written with it
 * stays so, the page under way and all later ones are plain.
 */
public final class PagedColumn implements ColumnWriter {
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int FIRST_BYTES = 256;

    /** Nulls have no bytes: without a bound of their own, those of long lists would make pages that no int can count. */
    private static final int MAX_ENTRIES = 1 << 20;

    private final PageWriter pages;
    private final PageBounds bounds;
    private final int pageBytes;
    private final int pageRows;
    private final int dictionaryBytes;
    private final Levels repetitions;
    private final Levels definitions;
    private final boolean isFixed;
    private final LevelCounts counts;
    private byte[] plain = new byte[FIRST_BYTES];
    private int size;
    private int bits;
    private @Nullable ValueIds dictionary;
    private @Nullable ValueIds closedDictionary;
    private boolean dictionaryPays;
    private int[] ids = new int[0];
    private int idCount;
    private long plainSizeOfIds;
    private int entries;
    private int nulls;
    private int rows;
    private int pageNumber = 1;

    /** @param mayHaveDictionary where its type can have one */
    PagedColumn(ColumnDescriptor descriptor, PageWriter pages, PageSettings settings, boolean mayHaveDictionary) {
        this.pages = pages;
        this.bounds = new PageBounds(descriptor.getPrimitiveType());
        this.pageBytes = settings.pageBytes();
        this.pageRows = settings.pageRows();
        this.dictionaryBytes = settings.dictionaryBytes();
        this.repetitions = new Levels(descriptor.getMaxRepetitionLevel());
        this.definitions = new Levels(descriptor.getMaxDefinitionLevel());
        this.counts = new LevelCounts(descriptor);
        PrimitiveTypeName type = descriptor.getPrimitiveType().getPrimitiveTypeName();
        this.isFixed = type == PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY;
        if (mayHaveDictionary && !isFixed && type != PrimitiveTypeName.BOOLEAN) {
            this.dictionary = new ValueIds();
        }
    }

    @Override
    public void write(int value, int repetition, int definition) {
        begin(repetition, definition);
        bounds.add(value);
        putInt(value);
    }

    @Override
    public void write(long value, int repetition, int definition) {
        begin(repetition, definition);
        bounds.add(value);
        putLong(value);
    }

    @Override
    public void write(float value, int repetition, int definition) {
        begin(repetition, definition);
        bounds.add(value);
        putInt(Float.floatToRawIntBits(value));
    }

    @Override
    public void write(double value, int repetition, int definition) {
        begin(repetition, definition);
        bounds.add(value);
        putLong(Double.doubleToRawLongBits(value));
    }

    @Override
    public void write(boolean value, int repetition, int definition) {
        begin(repetition, definition);
        bounds.add(value ? 1 : 0);
        if (bits == 0) {
            room(1)[size++] = 0;
        }
        if (value) {
            plain[size - 1] |= (byte) (1 << bits);
        }
        bits = (bits + 1) & 7;
    }

    @Override
    public void write(Binary value, int repetition, int definition) {
        ByteBuffer bytes = value.toByteBuffer();
        if (bytes.hasArray()) {
            write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining(), repetition, definition);
        } else {
            byte[] copy = value.getBytesUnsafe();
            write(copy, 0, copy.length, repetition, definition);
        }
    }

    /** Writes a string, or what else is made of bytes; they may change afterwards. */
    public void write(byte[] bytes, int start, int length, int repetition, int definition) {
        begin(repetition, definition);
        ValueIds known = dictionary;
        if (known == null) {
            bounds.add(bytes, start, length);
            putBytes(bytes, start, length);
        } else {
            int id = known.of(bytes, start, length);
            if (known.isFirstIn(pageNumber, id)) {
                bounds.add(bytes, start, length);
            }
            putId(known, id, Integer.BYTES + length);
        }
    }

    @Override
    public void writeNull(int repetition, int definition) {
        begin(repetition, definition);
        nulls++;
    }

    /** Nothing is held that must be let go. */
    @Override
    public void close() {
        // pages are the store's
    }

    @Override
    public long getBufferedSizeInMemory() {
        return pages.getMemSize() + size + (long) idCount * Short.BYTES;
    }

    /** Bytes of heap that values wait in. */
    long heapBytes() {
        long dictionaries = (dictionary == null ? 0 : dictionary.heapBytes())
                + (closedDictionary == null ? 0 : closedDictionary.heapBytes());
        return dictionaries
                + plain.length
                + (long) Integer.BYTES * ids.length
                + repetitions.heapBytes()
                + definitions.heapBytes();
    }

    /** All entries since the row group's start. */
    LevelCounts counts() {
        return counts;
    }

    /** Ends the column of this row group. */
    void flush() {
        if (entries > 0) {
            endPage();
        }
        ValueIds used = closedDictionary != null ? closedDictionary : dictionary;
        if (used == null || !dictionaryPays) {
            return;
        }
        try {
            pages.writeDictionaryPage(new DictionaryPage(
                    BytesInput.from(used.entries(), 0, used.size()), used.count(), Encoding.PLAIN_DICTIONARY));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void begin(int repetition, int definition) {
        if (repetition == 0) {
            if (rows >= pageRows || size + plainSizeOfIds >= pageBytes || entries >= MAX_ENTRIES) {
                endPage();
            }
            rows++;
        }
        counts.add(repetition, definition);
        repetitions.add(repetition);
        definitions.add(definition);
        entries++;
    }

    private void putInt(int value) {
        ValueIds known = dictionary;
        if (known == null) {
            INTS.set(room(Integer.BYTES), size, value);
            size += Integer.BYTES;
        } else {
            putId(known, known.of(value), Integer.BYTES);
        }
    }

    private void putLong(long value) {
        ValueIds known = dictionary;
        if (known == null) {
            LONGS.set(room(Long.BYTES), size, value);
            size += Long.BYTES;
        } else {
            putId(known, known.of(value), Long.BYTES);
        }
    }

    private void putBytes(byte[] bytes, int start, int length) {
        byte[] into = room(Integer.BYTES + length);
        if (!isFixed) {
            INTS.set(into, size, length);
            size += Integer.BYTES;
        }
        System.arraycopy(bytes, start, into, size, length);
        size += length;
    }

    private void putId(ValueIds known, int id, int plainBytes) {
        if (idCount == ids.length) {
            ids = Arrays.copyOf(ids, Math.max(FIRST_BYTES, 2 * idCount));
        }
        ids[idCount++] = id;
        plainSizeOfIds += plainBytes;
        if (known.size() > dictionaryBytes) {
            endDictionary(known);
        }
    }

    /** From here on values are plain; those of the page under way too. */
    private void endDictionary(ValueIds known) {
        for (int i = 0; i < idCount; i++) {
            int from = known.start(ids[i]);
            int length = known.start(ids[i] + 1) - from;
            System.arraycopy(known.entries(), from, room(length), size, length);
            size += length;
        }
        idCount = 0;
        plainSizeOfIds = 0;
        dictionary = null;
        if (dictionaryPays) {
            closedDictionary = known;
        }
    }

    private void endPage() {
        ValueIds known = dictionary;
        if (known != null && !dictionaryPays && idCount > 0) {
            long idBits = (long) idCount * BytesUtils.getWidthFromMaxInt(known.count() - 1);
            dictionaryPays = known.size() + idBits / Byte.SIZE < plainSizeOfIds;
            if (!dictionaryPays) {
                endDictionary(known);
            }
        }
        // A first page of nulls alone decides nothing.
        boolean withIds = dictionary != null && dictionaryPays;
        try {
            BytesInput values = known != null && withIds
                    ? HybridIds.encode(ids, idCount, known.count() - 1)
                    : BytesInput.from(plain, 0, size);
            pages.writePage(
                    BytesInput.concat(repetitions.encode(), definitions.encode(), values),
                    entries,
                    rows,
                    bounds.statistics(nulls, entries - nulls),
                    repetitions.encoding(),
                    definitions.encoding(),
                    withIds ? Encoding.PLAIN_DICTIONARY : Encoding.PLAIN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        clearPage();
    }

    private void clearPage() {
        size = 0;
        bits = 0;
        idCount = 0;
        plainSizeOfIds = 0;
        entries = 0;
        nulls = 0;
        rows = 0;
        pageNumber++;
        repetitions.clear();
        definitions.clear();
        bounds.clear();
    }

    private byte[] room(int bytes) {
        int needed = Math.addExact(size, bytes);
        if (needed > plain.length) {
            plain = Arrays.copyOf(plain, Math.max(needed, 2 * plain.length));
        }
        return plain;
    }
}
