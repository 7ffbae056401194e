package io.firn.catalog.backfill;

/**
 * The branch that a backfill works on until it is published or dropped. Nobody else may write to it.
 *
 * @param name of the branch
 * @param base id of the snapshot that it begins at
 * @param sequence the base's sequence number; every file of the branch with a greater one is the backfill's
 */
public record BackfillBranch(String name, long base, long sequence) {}
