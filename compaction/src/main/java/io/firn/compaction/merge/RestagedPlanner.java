package io.firn.compaction.merge;

import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.backfill.MergedBackfills;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.merge.Restaged.Range;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;

/** Plans what backfills staged once more, next to what was never merged. */
final class RestagedPlanner {
    private final List<BackfillState> backfills;
    private final String pipeline;
    private final MergedBackfills before;
    private final Optional<String> property;
    private final List<MergedBackfills.Left> left;

    /**
     * @param staging and {@code keyed}: as they are, not refreshed
     * @param merged the keyed table's ledger, under the pipeline's name
     */
    RestagedPlanner(Table staging, Table keyed, String pipeline, Ledger merged) {
        this.pipeline = pipeline;
        this.backfills = Backfills.read(staging).stream()
                .filter(backfill ->
                        MergedBackfills.reader(backfill.task(), merged).equals(pipeline))
                .toList();
        this.before = MergedBackfills.read(keyed);
        this.property = Optional.ofNullable(keyed.properties().get(LedgerKeys.MERGED_BACKFILLS));
        this.left = before.left(backfills, merged);
    }

    /** How many offsets there are. */
    long waiting() {
        return left.stream()
                .flatMap(each -> each.ranges().values().stream())
                .mapToLong(range -> range.end() - range.start())
                .sum();
    }

    /**
     * @param share of each range to take in; 1 for all
     * @param sources of the rows that a range of a partition can be in
     * @param files of the staging table that can hold rows of ranges
     * @param isVersioned whether an earlier record may come last because of its version
     */
    Restaged plan(
            double share,
            Ledger merged,
            BiConsumer<Map.Entry<SourcePartition, OffsetRange>, List<StagedRange>> sources,
            Function<List<StagedRange>, List<FileScanTask>> files,
            boolean isVersioned) {
        List<Range> ranges = new ArrayList<>();
        Map<String, Map<Integer, Long>> cut = new HashMap<>();
        TreeMap<SourcePartition, List<OffsetRange>> taken = new TreeMap<>();
        for (MergedBackfills.Left each : left) {
            each.ranges().forEach((partition, all) -> {
                OffsetRange part = part(all, share);
                if (part.end() < all.end()) {
                    cut.computeIfAbsent(each.id(), id -> new HashMap<>()).put(partition.partition(), part.end());
                }
                taken.computeIfAbsent(partition, any -> new ArrayList<>()).add(part);
                List<StagedRange> staged = new ArrayList<>();
                sources.accept(Map.entry(partition, part), staged);
                staged.forEach(range -> ranges.add(new Range(range.source(), range.offsets(), each.mode())));
            });
        }
        List<StagedRange> known = new ArrayList<>();
        taken.forEach((partition, parts) -> {
            merged.known(pipeline, partition).ifPresent(entry -> others(parts, entry, isVersioned)
                    .forEach(range -> sources.accept(Map.entry(partition, range), known)));
            later(merged, partition).forEach(range -> sources.accept(range, known));
        });
        List<FileScanTask> knownFiles = known.isEmpty() ? List.of() : files.apply(known);
        return new Restaged(ranges, known, knownFiles, before, before.after(backfills, cut), property);
    }

    private static OffsetRange part(OffsetRange all, double share) {
        long size = all.end() - all.start();
        long taken = share == 1 ? size : Math.min(size, Math.max(1, (long) Math.ceil(size * share)));
        return new OffsetRange(all.start(), all.start() + taken);
    }

    /** What is merged of the same partition of topics that were created after this one was deleted. */
    private List<Map.Entry<SourcePartition, OffsetRange>> later(Ledger merged, SourcePartition partition) {
        List<Map.Entry<SourcePartition, OffsetRange>> later = new ArrayList<>();
        boolean isLater = false;
        for (Map<SourcePartition, PartitionEntry> each : merged.incarnations(pipeline, partition.topic())) {
            if (isLater) {
                each.forEach((other, entry) -> {
                    if (other.partition() == partition.partition() && entry.start() < entry.next()) {
                        later.add(Map.entry(other, new OffsetRange(entry.start(), entry.next())));
                    }
                });
            }
            isLater |= each.containsKey(partition);
        }
        return later;
    }

    /** What of a merged partition is in none of the parts and can hold a later record than they do. */
    private static List<OffsetRange> others(List<OffsetRange> parts, PartitionEntry merged, boolean isVersioned) {
        List<OffsetRange> sorted = new ArrayList<>(parts);
        sorted.sort(Comparator.comparingLong(OffsetRange::start));
        List<OffsetRange> others = new ArrayList<>();
        long from = isVersioned ? merged.start() : sorted.get(0).start();
        for (OffsetRange part : sorted) {
            if (from < part.start()) {
                others.add(new OffsetRange(from, part.start()));
            }
            from = Math.max(from, part.end());
        }
        if (from < merged.next()) {
            others.add(new OffsetRange(from, merged.next()));
        }
        return others;
    }
}
