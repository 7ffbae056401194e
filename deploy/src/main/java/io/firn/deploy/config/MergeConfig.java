package io.firn.deploy.config;

import java.time.Duration;

/**
 * When an upsert pipeline's staged records are merged into its keyed table.
 *
 * @param interval longest time between two merges while something is staged
 * @param rows so many staged rows are merged before the interval is over; also the most that one commit merges
 * @param memoryBytes of heap for a merge, which spills to disk beyond it
 * @param failAfter merges that have failed for so long make the pipeline not ready
 */
public record MergeConfig(Duration interval, int rows, long memoryBytes, Duration failAfter) {
    /** A minute behind at most, the size that merges well, and room for a million changed keys. */
    public static MergeConfig defaults() {
        return new MergeConfig(Duration.ofMinutes(1), 5_000_000, 128L << 20, Duration.ofMinutes(10));
    }
}
