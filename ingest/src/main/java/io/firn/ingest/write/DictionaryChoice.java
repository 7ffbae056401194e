package io.firn.ingest.write;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.Slice;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.TableProperties;

/**
 * Says from a file's first rows for which columns a dictionary is not worth building. Parquet builds one for every
 * column, finds after a page that nearly every value is its own, throws it away and writes the page again: of the time
 * to write a row of ids and texts that is a sixth. Columns whose dictionary the table's properties speak of are left
 * alone.
 */
final class DictionaryChoice {
    /** Distinct values are counted by the bits that their hashes set, which needs 8 KB a column for any number. */
    private static final int BITS = 1 << 16;

    /** With fewer values it makes no difference. */
    private static final int MIN_VALUES = 256;

    /** At about this many distinct values of eight bytes a dictionary of a page of 20,000 saves nothing. */
    private static final double LARGEST_DICTIONARY = 30_000;

    /** In a file without further rows a dictionary saves nothing from about this part of distinct values on. */
    private static final double LARGEST_PART = 0.8;

    private final List<RowLayout.Column> candidates;
    private final long[][] seen;
    private final int[] values;

    DictionaryChoice(RowLayout layout, Map<String, String> properties) {
        this.candidates = layout.columns().stream()
                .filter(DictionaryChoice::takesDictionary)
                .filter(column -> !properties.containsKey(property(column)))
                .toList();
        this.seen = new long[candidates.size()][BITS / Long.SIZE];
        this.values = new int[candidates.size()];
    }

    /**
     * The columns to write without dictionary.
     *
     * @param into a row to read the packed ones with
     * @param more whether other rows will follow these in the file
     */
    List<RowLayout.Column> without(PackedRows rows, Row into, boolean more) {
        if (rows.rows() < MIN_VALUES) {
            return List.of();
        }
        for (long[] bits : seen) {
            Arrays.fill(bits, 0);
        }
        Arrays.fill(values, 0);
        rows.forEach(into, (row, size) -> count(row));
        return candidates.stream()
                .filter(column -> isTooVaried(candidates.indexOf(column), more))
                .toList();
    }

    /** The table property that switches the column's dictionary. */
    static String property(RowLayout.Column column) {
        return TableProperties.PARQUET_DICT_ENCODING_ENABLED_COLUMN_PREFIX + column.path();
    }

    private static boolean takesDictionary(RowLayout.Column column) {
        return switch (column.type().typeId()) {
            case BOOLEAN, UUID, FIXED -> false;
            case DECIMAL -> column.storage() != RowLayout.Storage.BYTES;
            default -> true;
        };
    }

    private void count(Row row) {
        for (int i = 0; i < seen.length; i++) {
            RowLayout.Column column = candidates.get(i);
            ColumnEntries entries = row.column(column.index());
            for (int entry = 0; entry < entries.size(); entry++) {
                if (entries.hasValue(entry)) {
                    long bits = entries.bits(entry);
                    int hash = mix(column.storage() == RowLayout.Storage.BYTES ? hash(row, bits) : bits);
                    seen[i][hash >>> 6] |= 1L << hash;
                    values[i]++;
                }
            }
        }
    }

    private boolean isTooVaried(int index, boolean more) {
        int n = values[index];
        if (n < MIN_VALUES) {
            return false;
        }
        int set = 0;
        for (long word : seen[index]) {
            set += Long.bitCount(word);
        }
        double distinct = set == BITS ? n : -BITS * Math.log1p(-(double) set / BITS);
        double limit = more ? LARGEST_DICTIONARY * -Math.expm1(-n / LARGEST_DICTIONARY) : LARGEST_PART * n;
        return distinct > limit;
    }

    private static long hash(Row row, long slice) {
        byte[] bytes = row.bytes(slice);
        int start = Slice.start(slice);
        int end = start + Slice.length(slice);
        long hash = 0;
        for (int i = start; i < end; i++) {
            hash = hash * 31 + bytes[i];
        }
        return hash;
    }

    /** Sixteen well mixed bits of a hash (the finalizer of SplitMix64). */
    private static int mix(long hash) {
        long mixed = (hash ^ hash >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d0_49bb_1331_11ebL;
        return (int) (mixed >>> 48);
    }
}
