package io.firn.compaction.merge;

import io.firn.compaction.scan.ColumnCursor;
import io.firn.compaction.scan.FileScans;
import io.firn.compaction.scan.RowCursor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Types.NestedField;

/**
 * Says from a file's first rows for which columns a dictionary is not worth building: Parquet builds one for every
 * column, finds after a page that nearly every value is its own, throws it away and writes the page again.
 */
final class VariedColumns {
    /** Enough to tell an id from a status; a page's worth, which is cheap to read. */
    private static final int ROWS = 16_384;

    /** At about this many distinct values of eight bytes a dictionary of a page of 20,000 saves nothing. */
    private static final double LARGEST_DICTIONARY = 30_000;

    /** Distinct values are counted by the bits that their hashes set. */
    private static final int BITS = 1 << 16;

    private final long[][] seen;
    private final int[] values;

    private VariedColumns(int columns) {
        this.seen = new long[columns][BITS / Long.SIZE];
        this.values = new int[columns];
    }

    /** Names of columns without inner structure. */
    static Set<String> of(DataFile file, FileScans scans, List<NestedField> columns) {
        VariedColumns counted = new VariedColumns(columns.size());
        try (CloseableIterable<RowCursor> rows = scans.rows(file, columns, Expressions.alwaysTrue())) {
            int taken = 0;
            for (RowCursor row : rows) {
                counted.count(row);
                if (++taken == ROWS) {
                    break;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file.location(), e);
        }
        Set<String> varied = new HashSet<>();
        for (int i = 0; i < columns.size(); i++) {
            if (counted.isVaried(i)) {
                varied.add(columns.get(i).name());
            }
        }
        return varied;
    }

    private void count(RowCursor row) {
        for (int i = 0; i < seen.length; i++) {
            ColumnCursor value = row.column(i);
            if (!value.isNull()) {
                int hash = mix(value.bits());
                seen[i][hash >>> 6] |= 1L << hash;
                values[i]++;
            }
        }
    }

    private boolean isVaried(int column) {
        int n = values[column];
        int set = 0;
        for (long word : seen[column]) {
            set += Long.bitCount(word);
        }
        double distinct = set == BITS ? n : -BITS * Math.log1p(-(double) set / BITS);
        return n > 0 && distinct > LARGEST_DICTIONARY * -Math.expm1(-n / LARGEST_DICTIONARY);
    }

    /** Sixteen well mixed bits (the finalizer of SplitMix64). */
    private static int mix(long bits) {
        long mixed = (bits ^ bits >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d0_49bb_1331_11ebL;
        return (int) (mixed >>> 48);
    }
}
