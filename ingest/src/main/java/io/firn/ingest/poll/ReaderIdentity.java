package io.firn.ingest.poll;

import java.util.Optional;
import java.util.UUID;

/**
 * Names of a pipeline's consumer group and of its members. The table's UUID is part of the group's name, so two
 * services with pipelines of the same name and different tables never share a group.
 *
 * @param pipeline name of the pipeline
 * @param table UUID of the table that the pipeline ingests to
 * @param instance name of this process, the same after a restart; empty: the group knows its members by no name
 */
public record ReaderIdentity(String pipeline, UUID table, Optional<String> instance) {
    /** Every group of Firn begins with this; access control lists can grant the prefix. */
    public static final String GROUP_PREFIX = "firn-";

    /** Of a process without a name. */
    public ReaderIdentity(String pipeline, UUID table) {
        this(pipeline, table, Optional.empty());
    }

    /** Returns the name of the consumer group. */
    public String group() {
        return GROUP_PREFIX + pipeline + "-" + table;
    }
}
