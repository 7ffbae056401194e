package io.firn.catalog.commit;

/**
 * What the guarantee stands on, one by one, so that tests can take each out and see that it is missed. Nothing outside
 * this package can.
 */
enum Safeguard {
    /** A commit takes effect only on a ledger that says what it expects. Without: on any. */
    FENCE,
    /** Every range begins where the ledger ends. Without: it is enough that it ends past it. */
    START_CHECK,
    /** A partition's start is refused where another pipeline reads the topic into the table. Without: it is not. */
    ONE_READER,
    /** Every snapshot carries the whole ledger. Without: only the partitions of its own commit. */
    CARRY_FORWARD,
    /** A commit looks for itself in the table's history first. Without: it does not. */
    COMMIT_ID_LOOKUP,
    /** The table property stands in for expired ancestors. Without: it does not. */
    PROPERTY_FALLBACK,
    /** Files of a fenced commit stay where it could have landed. Without: they are always removed. */
    DEFERRED_REMOVAL,
    /** Files are committed only to a schema that they fit. Without: to any. */
    SCHEMA_FENCE
}
