package io.firn.deploy.audit;

import io.firn.catalog.ledger.OffsetRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds for each row the partition that it counts for. */
final class Owners {
    /** Hears of one row. */
    interface Seen {
        void row(PartitionAudit owner, long offset);
    }

    static final String MIXED =
            "rewritten into one file with rows of an earlier topic of this name: either's row counts";

    private final Map<String, PartitionAudit> current;
    private final EarlierTopics earlier;
    private final StrayRows strays;
    private final Set<String> mixedNames = new TreeSet<>();

    /** @param current the partitions of today's ledger, by name */
    Owners(Map<String, PartitionAudit> current, EarlierTopics earlier, StrayRows strays) {
        this.current = current;
        this.earlier = earlier;
        this.strays = strays;
    }

    /**
     * Reads the table; twice where files hold rows of several incarnations of a topic, because what can be told for
     * certain comes first.
     *
     * @param inTable what was seen so far of each partition; the listener goes on filling it
     */
    void read(TableRows rows, String work, Progress progress, Map<PartitionAudit, OffsetSet> inTable, Seen seen) {
        boolean mixed = earlier.haveMixedFiles();
        progress.begin(work, "rows", rows.total());
        strays.foreign(rows.read(
                (topic, partition, offset, file) -> {
                    if (!mixed || !earlier.isMixed(file)) {
                        String name = topic + "-" + partition;
                        tell(earlier.owner(current.get(name), name, file), name, offset, seen);
                    }
                },
                progress));
        if (mixed) {
            progress.begin(work + ", files of several topics", "rows", rows.total());
            rows.read(
                    (topic, partition, offset, file) -> {
                        if (earlier.isMixed(file)) {
                            String name = topic + "-" + partition;
                            if (mixedNames.add(name)) {
                                sayMixed(name);
                            }
                            tell(owner(name, offset, inTable), name, offset, seen);
                        }
                    },
                    progress);
        }
    }

    private void tell(@Nullable PartitionAudit owner, String name, long offset, Seen seen) {
        if (owner == null || offset < 0) {
            strays.add(name);
        } else {
            seen.row(owner, offset);
        }
    }

    /** The first that lacks it; where all have it, it is doubled. */
    private @Nullable PartitionAudit owner(String name, long offset, Map<PartitionAudit, OffsetSet> inTable) {
        List<PartitionAudit> fitting = new ArrayList<>();
        for (PartitionAudit each : earlier.owners(current.get(name), name)) {
            OffsetRange delivered = each.delivered();
            if (offset >= delivered.start() && offset < delivered.end() && !Matching.isIn(each.gaps(), offset)) {
                fitting.add(each);
            }
        }
        for (PartitionAudit each : fitting) {
            OffsetSet set = inTable.get(each);
            if (set != null && !(set.covers(offset) && set.contains(offset))) {
                return each;
            }
        }
        return fitting.isEmpty() ? current.get(name) : fitting.get(0);
    }

    private void sayMixed(String name) {
        PartitionAudit now = current.get(name);
        for (PartitionAudit each : earlier.owners(null, name)) {
            if (now != null) {
                long start = Math.max(now.delivered().start(), each.delivered().start());
                long end = Math.min(now.delivered().end(), each.delivered().end());
                now.unverifiable().add(new OffsetRange(start, Math.max(start, end)), MIXED);
            }
        }
    }
}
