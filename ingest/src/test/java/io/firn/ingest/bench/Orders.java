package io.firn.ingest.bench;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Types;

/** Flat orders of about 250 bytes, ten fields, the same at every run. */
final class Orders {
    static final int COUNT = 100_000;

    static final Schema SCHEMA = new Schema(
            Types.NestedField.required(1, "order_id", Types.StringType.get()),
            Types.NestedField.optional(2, "customer_id", Types.LongType.get()),
            Types.NestedField.optional(3, "product", Types.StringType.get()),
            Types.NestedField.optional(4, "quantity", Types.IntegerType.get()),
            Types.NestedField.optional(5, "amount", Types.DecimalType.of(10, 2)),
            Types.NestedField.optional(6, "placed_at", Types.TimestampType.withZone()),
            Types.NestedField.optional(7, "weight", Types.DoubleType.get()),
            Types.NestedField.optional(8, "express", Types.BooleanType.get()),
            Types.NestedField.optional(9, "country", Types.StringType.get()),
            Types.NestedField.optional(10, "note", Types.StringType.get()));

    private static final String[] COUNTRIES = {"DE", "FR", "US", "BR", "JP", "IN", "ZA", "SE"};

    private Orders() {}

    static byte[][] records() {
        Random random = new Random(42);
        byte[][] records = new byte[COUNT][];
        for (int i = 0; i < COUNT; i++) {
            records[i] = String.format(
                            Locale.ROOT,
                            "{\"order_id\":\"%s\",\"customer_id\":%d,\"product\":\"product-%d\",\"quantity\":%d,"
                                    + "\"amount\":%d.%02d,\"placed_at\":\"2026-01-%02dT%02d:%02d:%02d.%03dZ\","
                                    + "\"weight\":%.3f,\"express\":%b,\"country\":\"%s\",\"note\":\"order %d of "
                                    + "today\"}",
                            new UUID(random.nextLong(), random.nextLong()),
                            random.nextInt(1_000_000),
                            random.nextInt(5_000),
                            1 + random.nextInt(9),
                            random.nextInt(5_000),
                            random.nextInt(100),
                            1 + random.nextInt(28),
                            random.nextInt(24),
                            random.nextInt(60),
                            random.nextInt(60),
                            random.nextInt(1000),
                            random.nextDouble() * 50,
                            random.nextBoolean(),
                            COUNTRIES[random.nextInt(COUNTRIES.length)],
                            i)
                    .getBytes(StandardCharsets.UTF_8);
        }
        return records;
    }
}
