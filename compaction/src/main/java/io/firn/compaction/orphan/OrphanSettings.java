package io.firn.compaction.orphan;

import io.firn.compaction.Budget;
import java.time.Duration;
import java.util.List;

/**
 * What counts as an orphan, and how many go in one run.
 *
 * @param safetyAge files younger than that may be work in progress
 * @param effect whether to remove or only to list
 * @param scope which folders to look at
 * @param most orphans of one run; bounds memory
 * @param heldHashes references held in memory at once, 16 bytes each and room to spare; where there are more, the
 *     folders are gone through several times, each time for a part of the names
 * @param extraFolders folders outside of the table's location that hold files of this table alone
 * @param budget its time bounds a run
 */
public record OrphanSettings(
        Duration safetyAge,
        Effect effect,
        Scope scope,
        int most,
        int heldHashes,
        List<String> extraFolders,
        Budget budget) {
    /**
     * Longer than any writer holds a file before it commits it: open files are closed every commit interval, and a
     * commit is tried again every half minute for as long as it takes. For those that outages delay see {@link
     * SafeCutoff}.
     */
    public static final Duration LEAST_AGE = Duration.ofHours(1);

    /** As Iceberg's own action has it. */
    public static final Duration DEFAULT_AGE = Duration.ofDays(3);

    private static final int MOST = 100_000;
    private static final int HELD_HASHES = 4_000_000;

    /** Whether anything is removed. */
    public enum Effect {
        LIST,
        REMOVE
    }

    /** Which folders are looked at. */
    public enum Scope {
        /** Data and metadata. */
        ALL,
        /** Old versions of the table's metadata and statistics alone. */
        METADATA
    }

    public static final OrphanSettings DEFAULTS =
            new OrphanSettings(DEFAULT_AGE, Effect.REMOVE, Scope.ALL, MOST, HELD_HASHES, List.of(), Budget.UNLIMITED);

    public OrphanSettings {
        if (safetyAge.compareTo(LEAST_AGE) < 0) {
            throw new IllegalArgumentException(
                    "files younger than " + LEAST_AGE.toMinutes() + " minutes may be somebody's work in progress");
        }
        if (most < 1 || heldHashes < 1) {
            throw new IllegalArgumentException("bounds must be above zero");
        }
        extraFolders = List.copyOf(extraFolders);
    }

    public OrphanSettings withSafetyAge(Duration age) {
        return new OrphanSettings(age, effect, scope, most, heldHashes, extraFolders, budget);
    }

    public OrphanSettings with(Effect other) {
        return new OrphanSettings(safetyAge, other, scope, most, heldHashes, extraFolders, budget);
    }

    public OrphanSettings with(Scope other) {
        return new OrphanSettings(safetyAge, effect, other, most, heldHashes, extraFolders, budget);
    }

    public OrphanSettings withBounds(int orphans, int hashes) {
        return new OrphanSettings(safetyAge, effect, scope, orphans, hashes, extraFolders, budget);
    }
}
