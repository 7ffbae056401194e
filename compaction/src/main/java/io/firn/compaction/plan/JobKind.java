package io.firn.compaction.plan;

import java.util.Locale;

/** Jobs in the order in which they are preferred where several are due. */
public enum JobKind {
    MERGE,
    REWRITE,
    MANIFESTS,
    STAGING,
    EXPIRE,
    ORPHANS,
    METADATA;

    /** As on the command line. */
    public String jobName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
