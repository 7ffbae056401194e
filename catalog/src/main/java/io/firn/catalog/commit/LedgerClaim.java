package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * How a pipeline's name relates to the other names in the table's ledger. Two names that read one topic into one table
 * make every row twice, so a second name is a mistake unless it is claimed here.
 *
 * @param renamedFrom the pipeline's earlier name: what the ledger holds under it belongs to the pipeline
 * @param besides pipelines that read the same topics into the table on purpose
 */
public record LedgerClaim(Optional<String> renamedFrom, SortedSet<String> besides) {
    /** A pipeline that always had its name and reads its topics alone. */
    public static final LedgerClaim NONE = new LedgerClaim(Optional.empty(), Collections.emptySortedSet());

    public LedgerClaim {
        besides = Collections.unmodifiableSortedSet(new TreeSet<>(besides));
    }

    /** A claim of everything that the ledger holds under an earlier name. */
    public static LedgerClaim renamedFrom(String earlier) {
        return new LedgerClaim(Optional.of(earlier), Collections.emptySortedSet());
    }

    /** Returns this claim without the earlier name. */
    public LedgerClaim withoutMove() {
        return new LedgerClaim(Optional.empty(), besides);
    }

    /** Whether the ledger still holds the pipeline under its earlier name. */
    public boolean isDue(String pipeline, Ledger ledger) {
        return renamedFrom.isPresent() && ledger.knows(renamedFrom.get()) && !ledger.knows(pipeline);
    }

    /** Returns the ledger as the pipeline's commit finds it: moved, if a move is due. */
    public Ledger applied(String pipeline, Ledger ledger) {
        return isDue(pipeline, ledger) ? ledger.renamed(renamedFrom.orElseThrow(), pipeline) : ledger;
    }

    /**
     * Returns the other pipelines that consume the topic into this table without being claimed, if the pipeline is
     * about to begin with the topic; empty once it has begun.
     */
    public SortedSet<String> intruders(String pipeline, String topic, Ledger ledger) {
        if (ledger.topicId(pipeline, topic).isPresent()) {
            return Collections.emptySortedSet();
        }
        TreeSet<String> others = new TreeSet<>(ledger.otherReaders(pipeline, topic));
        others.removeAll(besides);
        return Collections.unmodifiableSortedSet(others);
    }
}
