package io.firn.deploy.chaos;

import java.util.Set;

/**
 * Rows that another engine deleted while the faults were met, as {@code partition:offset}.
 *
 * @param surely it was told that they are gone
 * @param perhaps its statement failed, or nobody knows
 */
record Removed(Set<String> surely, Set<String> perhaps) {
    static final Removed NONE = new Removed(Set.of(), Set.of());
}
