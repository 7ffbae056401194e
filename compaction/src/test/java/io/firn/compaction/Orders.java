package io.firn.compaction;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/** A table with what matters to a copy: nulls, NaN, few and many distinct values, a list, decimals, times. */
public final class Orders {
    public static final Schema SCHEMA = new Schema(
            NestedField.required(1, "id", Types.LongType.get()),
            NestedField.optional(2, "status", Types.StringType.get()),
            NestedField.optional(3, "amount", Types.DecimalType.of(10, 2)),
            NestedField.optional(4, "weight", Types.DoubleType.get()),
            NestedField.optional(5, "placed_at", Types.TimestampType.withZone()),
            NestedField.optional(6, "tags", Types.ListType.ofOptional(10, Types.StringType.get())),
            NestedField.optional(7, "paid", Types.BooleanType.get()),
            NestedField.optional(8, "_source_partition", Types.IntegerType.get()),
            NestedField.optional(9, "_source_offset", Types.LongType.get()));

    public static final PartitionSpec BY_STATUS =
            PartitionSpec.builderFor(SCHEMA).identity("status").build();

    private static final List<String> STATUSES = List.of("new", "paid", "sent", "back");
    private static final java.time.OffsetDateTime BEGIN = java.time.OffsetDateTime.parse("2026-11-01T00:00:00Z");

    private Orders() {}

    /** Rows from that id on, all of one partition and offset by offset. */
    public static List<Record> rows(long first, int count, long seed) {
        Random random = new Random(seed);
        List<Record> rows = new ArrayList<>();
        for (long id = first; id < first + count; id++) {
            Record row = GenericRecord.create(SCHEMA);
            row.setField("id", id);
            row.setField("status", random.nextInt(10) == 0 ? null : STATUSES.get(random.nextInt(STATUSES.size())));
            row.setField("amount", new java.math.BigDecimal(java.math.BigInteger.valueOf(random.nextInt(100_000)), 2));
            row.setField("weight", weight(random));
            row.setField("placed_at", BEGIN.plusSeconds(id));
            row.setField("tags", tags(random));
            row.setField("paid", random.nextBoolean());
            row.setField("_source_partition", 0);
            row.setField("_source_offset", id);
            rows.add(row);
        }
        return rows;
    }

    private static @org.jspecify.annotations.Nullable Double weight(Random random) {
        int kind = random.nextInt(10);
        return kind == 0 ? null : kind == 1 ? Double.NaN : random.nextDouble();
    }

    private static @org.jspecify.annotations.Nullable List<String> tags(Random random) {
        int count = random.nextInt(5) - 1;
        if (count < 0) {
            return null;
        }
        List<String> tags = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tags.add(random.nextInt(7) == 0 ? null : "tag-" + random.nextInt(3));
        }
        return tags;
    }
}
