package io.firn.compaction.merge;

import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.fold.KeyFilter;
import io.firn.compaction.fold.SpillingFold;
import io.firn.compaction.fold.WinnerTable;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.PartitionField;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.iceberg.util.StructLikeMap;
import org.apache.iceberg.util.StructLikeSet;
import org.jspecify.annotations.Nullable;

/**
 * The partition that a key's row lies in, where the key alone decides it: every partition field is of a key column.
 * Else a row can be anywhere. Not safe for use by several threads.
 */
final class KeyPartitions implements SpillingFold.Affinity {
    private final KeyCodec codec;
    private final PartitionKey partition;
    private final Object[] values;
    private final KeyRow row;
    private final int buckets;
    /** Where they are of the first column of the key. */
    private final @Nullable KeyBuckets ofFirst;

    private KeyPartitions(PartitionSpec spec, Schema schema, KeyCodec codec, List<String> key) {
        this.codec = codec;
        this.partition = new PartitionKey(spec, schema);
        this.values = new Object[key.size()];
        int[] keyAt = new int[schema.columns().size()];
        java.util.Arrays.fill(keyAt, -1);
        List<NestedField> columns = schema.columns();
        for (int i = 0; i < columns.size(); i++) {
            keyAt[i] = key.indexOf(columns.get(i).name());
        }
        this.row = new KeyRow(keyAt, values);
        this.buckets = spec.fields().size() == 1 ? buckets(spec.fields().get(0)) : 1;
        this.ofFirst = KeyBuckets.of(spec, schema)
                .filter(known -> columns.get(known.column()).name().equals(key.get(0)))
                .orElse(null);
    }

    /** Empty where something other than the key has a say. */
    static Optional<KeyPartitions> of(PartitionSpec spec, Schema schema, KeyCodec codec, List<String> key) {
        if (spec.isUnpartitioned()) {
            return Optional.empty();
        }
        Set<Integer> keyIds = new HashSet<>();
        for (NestedField column : schema.columns()) {
            if (key.contains(column.name())) {
                keyIds.add(column.fieldId());
            }
        }
        boolean decided = spec.fields().stream().allMatch(field -> keyIds.contains(field.sourceId()));
        return decided ? Optional.of(new KeyPartitions(spec, schema, codec, key)) : Optional.empty();
    }

    /** For each of the partitions the keys whose rows lie in it. */
    StructLikeMap<KeyFilter> filters(StructLikeSet partitions, PartitionSpec spec, WinnerTable keys) {
        StructLikeMap<KeyFilter> filters = StructLikeMap.create(spec.partitionType());
        int expected = keys.size() / partitions.size();
        partitions.forEach(each -> filters.put(each, new KeyFilter(expected)));
        if (ofFirst != null) {
            fill(filters, keys, ofFirst);
            return filters;
        }
        KeyBuffer key = new KeyBuffer();
        for (int number = 0; number < keys.size(); number++) {
            keys.key(keys.head(number), key);
            KeyFilter filter = filters.get(of(key, partition));
            if (filter != null) {
                filter.add(key.hash());
            }
        }
        return filters;
    }

    private void fill(StructLikeMap<KeyFilter> filters, WinnerTable keys, KeyBuckets by) {
        KeyFilter[] ofBucket = new KeyFilter[by.count()];
        filters.forEach((partition, filter) -> {
            Integer bucket = partition.get(0, Integer.class);
            if (bucket != null) {
                ofBucket[bucket] = filter;
            }
        });
        KeyBuffer key = new KeyBuffer();
        for (int number = 0; number < keys.size(); number++) {
            keys.key(keys.head(number), key);
            KeyFilter filter = ofBucket[codec.bucket(key, by)];
            if (filter != null) {
                filter.add(key.hash());
            }
        }
    }

    /** The bucket, where buckets of one column are all there is. */
    @Override
    public int of(KeyBuffer key) {
        if (ofFirst != null) {
            return codec.bucket(key, ofFirst);
        }
        Integer bucket = buckets == 1 ? null : of(key, partition).get(0, Integer.class);
        return bucket == null ? 0 : bucket;
    }

    @Override
    public int count() {
        return buckets;
    }

    private PartitionKey of(KeyBuffer key, PartitionKey into) {
        codec.decode(key, values);
        into.partition(row);
        return into;
    }

    private static int buckets(PartitionField field) {
        String transform = field.transform().toString();
        return transform.startsWith("bucket[")
                ? Integer.parseInt(transform.substring("bucket[".length(), transform.length() - 1))
                : 1;
    }

    /** A row of which only the key's columns are known. */
    private record KeyRow(int[] keyAt, Object[] values) implements StructLike {
        @Override
        public int size() {
            return keyAt.length;
        }

        @Override
        public <T> @Nullable T get(int position, Class<T> type) {
            return keyAt[position] < 0 ? null : type.cast(values[keyAt[position]]);
        }

        @Override
        public <T> void set(int position, T value) {
            throw new UnsupportedOperationException("a view");
        }
    }
}
