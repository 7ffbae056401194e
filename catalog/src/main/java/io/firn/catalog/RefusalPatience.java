package io.firn.catalog;

import java.time.Clock;
import java.time.Duration;
import java.util.Set;

/**
 * Decides when a refusal is believed. A single 401, 403 or 404 may come from a proxy, from an ingress without a backend
 * or from a system whose permissions are just being replaced; only one that is repeated for a while is final. Safe for
 * use by several threads.
 */
public final class RefusalPatience {
    /** How long a system may refuse what it has allowed before. Permissions are replaced within seconds. */
    public static final Duration PATIENCE = Duration.ofSeconds(90);

    /** The codes of failures that say no, and that another system than the refusing one may have sent. */
    private static final Set<String> REFUSALS = Set.of(
            "store-access-refused",
            "store-bucket-missing",
            "store-region",
            "catalog-access-refused",
            "table-missing",
            "kafka-auth");

    private final Clock clock;
    private long sinceMillis = -1;

    /** @param clock as steady as the waits between attempts */
    public RefusalPatience(Clock clock) {
        this.clock = clock;
    }

    /** Whether the failure is a refusal, stray or not. */
    public static boolean isRefusal(Throwable failure) {
        return failure instanceof FirnException && REFUSALS.contains(((FirnException) failure).code());
    }

    /**
     * Takes note of a failure.
     *
     * @return whether to try again: it is a refusal, and the first one since {@link #over} is not longer ago than
     *     {@link #PATIENCE}
     */
    public synchronized boolean bears(Throwable failure) {
        if (!isRefusal(failure)) {
            return false;
        }
        if (sinceMillis < 0) {
            sinceMillis = clock.millis();
        }
        return clock.millis() - sinceMillis < PATIENCE.toMillis();
    }

    /** Takes note that the systems allow what is asked of them. */
    public synchronized void over() {
        sinceMillis = -1;
    }
}
