package io.firn.ingest.write;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.Slice;
import java.nio.ByteBuffer;
import org.apache.iceberg.PartitionField;
import org.apache.iceberg.util.BucketUtil;

/**
 * Adds to the key what one partition field sees of the row: time by the hour and buckets by their number where that is
 * cheap, else the value as it is.
 */
final class CoarseValue {
    private static final long MICROS_PER_HOUR = 3_600_000_000L;
    private static final String BUCKET = "bucket[";

    private final RowLayout.Column source;
    private final long divisor;
    private final int buckets;

    CoarseValue(PartitionField field, RowLayout.Column source) {
        this.source = source;
        String transform = field.transform().toString();
        this.divisor = divisor(transform, source);
        this.buckets = hashable(source) && transform.startsWith(BUCKET)
                ? Integer.parseInt(transform.substring(BUCKET.length(), transform.length() - 1))
                : 0;
    }

    void addTo(CoarseKey key, Row row) {
        ColumnEntries entries = row.column(source.index());
        if (!entries.hasValue(0)) {
            key.add((byte) 0);
            return;
        }
        key.add((byte) 1);
        long bits = entries.bits(0);
        boolean slice = source.storage() == RowLayout.Storage.BYTES;
        if (buckets > 0) {
            int hash = slice
                    ? BucketUtil.hash(ByteBuffer.wrap(row.bytes(bits), Slice.start(bits), Slice.length(bits)))
                    : BucketUtil.hash(bits);
            key.addLong((hash & Integer.MAX_VALUE) % buckets);
        } else if (slice) {
            key.addLong(Slice.length(bits));
            key.addAll(row.bytes(bits), Slice.start(bits), Slice.length(bits));
        } else {
            key.addLong(divisor == 1 ? bits : Math.floorDiv(bits, divisor));
        }
    }

    private static long divisor(String transform, RowLayout.Column source) {
        boolean byTime =
                switch (transform) {
                    case "year", "month", "day", "hour" -> true;
                    default -> false;
                };
        return switch (source.type().typeId()) {
            case TIMESTAMP -> byTime ? MICROS_PER_HOUR : 1;
            case TIMESTAMP_NANO -> byTime ? MICROS_PER_HOUR * 1000 : 1;
            default -> 1;
        };
    }

    /** Types whose bucket is the hash of the bits or bytes that the row keeps. */
    private static boolean hashable(RowLayout.Column source) {
        return switch (source.type().typeId()) {
            case INTEGER, LONG, DATE, TIME, TIMESTAMP, STRING, BINARY, FIXED -> true;
            default -> false;
        };
    }
}
