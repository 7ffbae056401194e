package io.firn.ingest.poll;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.jspecify.annotations.Nullable;

/**
 * Whether Kafka still takes a consumer for a member of its group, by how it answers when offsets are reported. A client
 * that was given up finds out by its next heartbeat, within seconds. Where it sends none (it counts them by the
 * machine's clock, so after one that was set back it waits until that has caught up; its thread may have ended) it
 * reads on, and fences whoever has its partitions now, and he it, at every commit.
 */
final class Membership {
    /** By then a client whose heartbeats go out has found out by itself: brokers ask for one every five seconds. */
    static final Duration PATIENCE = Duration.ofSeconds(15);

    private final LongSupplier nanos;
    private boolean denied;
    private boolean over;
    private long deniedSince;

    /** @param nanos as {@link System#nanoTime}, which nobody sets */
    Membership(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** @param failure what came of it, if it failed; one of another kind says nothing about the member */
    void reported(@Nullable Exception failure) {
        if (failure == null) {
            heardOf();
        } else if (failure instanceof CommitFailedException) {
            // Once is nothing: a report that crosses a rebalance of others is refused as well.
            over = denied && nanos.getAsLong() - deniedSince >= PATIENCE.toNanos();
            deniedSince = denied ? deniedSince : nanos.getAsLong();
            denied = true;
        }
    }

    /** The client was given partitions, or heard that they go or are gone: it has spoken to its group. */
    void heardOf() {
        denied = false;
        over = false;
    }

    /** Whether Kafka has denied it for so long that the client will not find out by itself. */
    boolean isOver() {
        return over;
    }
}
