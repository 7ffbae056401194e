package io.firn.deploy.quickstart;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A deterministic stream of orders: the same index gives the same order on every machine. One in twenty repeats an
 * earlier order's key with a new status, one in ten of those without a value, as the order was withdrawn; one in fifty
 * was placed up to three days late.
 */
final class SampleOrders {
    static final String SCHEMA = "order_id string not null, customer string, product string, quantity int,"
            + " amount decimal(10,2), status string, placed_at timestamptz";

    private static final Instant FIRST = Instant.parse("2026-01-01T00:00:00Z");
    private static final int REPEATED_ONE_IN = 20;
    private static final int WITHDRAWN_ONE_IN = 10;
    private static final int LATE_ONE_IN = 50;
    private static final int LATE_SECONDS = 3 * 24 * 3600;
    private static final String[] PRODUCTS = {"skis", "boots", "rope", "ice axe", "crampons", "tent", "stove"};
    private static final String[] STATUS = {"placed", "paid", "shipped", "delivered"};

    private SampleOrders() {}

    /** The number of the order that record {@code index} is about: its own, or an earlier one. */
    static long order(long index) {
        long random = mixed(index);
        return index > 0 && Long.remainderUnsigned(random, REPEATED_ONE_IN) == 0
                ? Long.remainderUnsigned(random >>> 8, index)
                : index;
    }

    static byte[] key(long index) {
        return ("o-" + order(index)).getBytes(StandardCharsets.UTF_8);
    }

    /** @return null for an order that was withdrawn */
    static byte @Nullable [] value(long index) {
        long order = order(index);
        if (order != index && Long.remainderUnsigned(mixed(index) >>> 21, WITHDRAWN_ONE_IN) == 0) {
            return null;
        }
        long random = mixed(order);
        long cents = 100 + Long.remainderUnsigned(random, 99_900);
        int status = order == index ? 0 : 1 + (int) Long.remainderUnsigned(mixed(index) >>> 4, 3);
        return ("{\"order_id\":\"o-" + order
                        + "\",\"customer\":\"c-" + Long.remainderUnsigned(random >>> 3, 50_000)
                        + "\",\"product\":\"" + PRODUCTS[(int) Long.remainderUnsigned(random >>> 5, PRODUCTS.length)]
                        + "\",\"quantity\":" + (1 + Long.remainderUnsigned(random >>> 7, 9))
                        + ",\"amount\":" + cents / 100 + "." + cents % 100 / 10 + cents % 10
                        + ",\"status\":\"" + STATUS[status]
                        + "\",\"placed_at\":\"" + placedAt(index) + "\"}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** An order every tenth of a second, so that a million span a good day. */
    private static Instant placedAt(long index) {
        long random = mixed(~index);
        long late = Long.remainderUnsigned(random, LATE_ONE_IN) == 0
                ? Long.remainderUnsigned(random >>> 9, LATE_SECONDS)
                : 0;
        return FIRST.plusMillis(index * 100).minusSeconds(late);
    }

    /** SplitMix64's finalizer. */
    private static long mixed(long index) {
        long z = (index + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
