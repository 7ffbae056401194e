package io.firn.deploy.audit;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.SourcePartition;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Rows that belong to no partition of the pipeline. */
final class StrayRows {
    /** Enough to see the pattern. */
    private static final int KEPT = 100;

    private final Set<String> ofOtherPipelines = new HashSet<>();
    private final TreeSet<String> unknown = new TreeSet<>();
    private long foreign;

    StrayRows(String pipeline, Ledger ledger) {
        ledger.pipelines().forEach((name, partitions) -> {
            if (!name.equals(pipeline)) {
                partitions.keySet().stream().map(SourcePartition::toString).forEach(ofOtherPipelines::add);
            }
        });
    }

    /** Partitions of other pipelines on the same table are theirs to audit. */
    void add(String partition) {
        if (unknown.size() < KEPT && !ofOtherPipelines.contains(partition)) {
            unknown.add(partition);
        }
    }

    void foreign(long rows) {
        foreign = rows;
    }

    /** Rows without a source position. */
    long foreign() {
        return foreign;
    }

    /** Partitions that no pipeline of the table's ledger has, the first hundred. */
    List<String> partitions() {
        return List.copyOf(unknown);
    }
}
