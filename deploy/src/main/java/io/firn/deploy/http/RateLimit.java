package io.firn.deploy.http;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much one address may ask in a time: a bucket that fills evenly and holds two seconds' worth, so that a page or a
 * script may be fast for a moment. Safe for use by several threads.
 */
final class RateLimit {
    private static final int BURST_SECONDS = 2;
    private static final double MILLIS = 1000.0;

    /** Of those that asked last; who is forgotten begins with a full bucket. */
    private static final int ADDRESSES = 10_000;

    private final double perMilli;
    private final double most;
    private final Clock clock;
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > ADDRESSES;
        }
    };

    private record Bucket(double left, long atMillis) {}

    RateLimit(int perSecond, Clock clock) {
        this.perMilli = perSecond / MILLIS;
        this.most = (double) perSecond * BURST_SECONDS;
        this.clock = clock;
    }

    /**
     * Takes from the bucket of an address.
     *
     * @param cost of what it did, in requests
     * @return whether there was so much in it; where not, it is empty now
     */
    synchronized boolean take(String address, int cost) {
        long now = clock.millis();
        Bucket bucket = buckets.getOrDefault(address, new Bucket(most, now));
        double left = Math.min(most, bucket.left() + Math.max(0, now - bucket.atMillis()) * perMilli);
        buckets.put(address, new Bucket(Math.max(0, left - cost), now));
        return left >= cost;
    }
}
