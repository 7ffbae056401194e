package io.firn.deploy.audit;

/** Whether a topic's log is compacted, so that records may be gone that were there once. */
enum Compaction {
    ON,
    NEVER,
    /** The broker does not tell the topic's configuration: nothing is excused by compaction then. */
    NOT_TOLD
}
