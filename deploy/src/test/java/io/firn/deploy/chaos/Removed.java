package io.firn.deploy.chaos;

import java.util.Set;

/**
 * Rows that another engine deleted while the faults were met, as {@code partition:offset}.
 *
 * @param surely it was told that they are gone
 * @param asked it was asked to delete them: those, and others whose statement failed or nobody knows of
 */
record Removed(Set<String> surely, Set<String> asked) {
    static final Removed NONE = new Removed(Set.of(), Set.of());
}
