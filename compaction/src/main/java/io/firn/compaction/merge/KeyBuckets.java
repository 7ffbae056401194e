package io.firn.compaction.merge;

import io.firn.compaction.scan.ColumnCursor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type.TypeID;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.iceberg.util.BucketUtil;

/**
 * The buckets of a table that is partitioned by those of one column alone, as Iceberg's own transform has them, but
 * from bytes and numbers as they lie in a page or a key: a million values need not become strings for it.
 */
final class KeyBuckets {
    private static final String PREFIX = "bucket[";

    private final int column;
    private final boolean isText;
    private final int count;

    private KeyBuckets(int column, boolean isText, int count) {
        this.column = column;
        this.isText = isText;
        this.count = count;
    }

    /** Empty where the partitions are others, or buckets of a column of another type. */
    static Optional<KeyBuckets> of(PartitionSpec spec, Schema schema) {
        if (spec.fields().size() != 1) {
            return Optional.empty();
        }
        String transform = spec.fields().get(0).transform().toString();
        int source = spec.fields().get(0).sourceId();
        List<NestedField> columns = schema.columns();
        for (int i = 0; i < columns.size() && transform.startsWith(PREFIX); i++) {
            TypeID type = columns.get(i).type().typeId();
            if (columns.get(i).fieldId() == source
                    && (type == TypeID.STRING || type == TypeID.LONG || type == TypeID.INTEGER)) {
                int count = Integer.parseInt(transform.substring(PREFIX.length(), transform.length() - 1));
                return Optional.of(new KeyBuckets(i, type == TypeID.STRING, count));
            }
        }
        return Optional.empty();
    }

    /** In the table's schema. */
    int column() {
        return column;
    }

    int count() {
        return count;
    }

    /** @param value not null */
    int of(ColumnCursor value) {
        return isText ? of(value.bytes(), value.start(), value.length()) : of(value.asLong());
    }

    int of(long number) {
        return bucket(BucketUtil.hash(number));
    }

    /** Of a string's bytes. */
    int of(byte[] bytes, int start, int length) {
        return bucket(BucketUtil.hash(ByteBuffer.wrap(bytes, start, length)));
    }

    private int bucket(int hash) {
        return (hash & Integer.MAX_VALUE) % count;
    }
}
