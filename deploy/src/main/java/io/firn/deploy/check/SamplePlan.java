package io.firn.deploy.check;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which offsets of a pipeline's partitions are read as a sample: half where the pipeline reads next, half at the end.
 *
 * @param next spans from the positions where the pipeline begins or resumes
 * @param latest spans up to the ends; they do not overlap the former
 */
record SamplePlan(SortedMap<SourcePartition, OffsetRange> next, SortedMap<SourcePartition, OffsetRange> latest) {
    /**
     * Plans a sample of about {@code records} offsets, spread over the partitions.
     *
     * @param held what Kafka holds
     * @param positions where the pipeline reads next, within what Kafka holds
     */
    static SamplePlan of(long records, Map<SourcePartition, OffsetRange> held, Map<SourcePartition, Long> positions) {
        SortedMap<SourcePartition, OffsetRange> next = new TreeMap<>();
        SortedMap<SourcePartition, OffsetRange> latest = new TreeMap<>();
        List<SourcePartition> chosen = spread(new TreeMap<>(held), records);
        long each = chosen.isEmpty() ? 0 : Math.max(1, records / (2L * chosen.size()));
        for (SourcePartition partition : chosen) {
            OffsetRange range = held.getOrDefault(partition, new OffsetRange(0, 0));
            long from =
                    Math.min(range.end(), Math.max(range.start(), positions.getOrDefault(partition, range.start())));
            long middle = Math.min(range.end(), from + each);
            add(next, partition, from, middle);
            // Where nothing is left to read, what was read last still says what records look like.
            long last = middle > from ? Math.max(middle, range.end() - each) : range.end() - each;
            add(latest, partition, Math.max(range.start(), last), range.end());
        }
        return new SamplePlan(next, latest);
    }

    private static void add(SortedMap<SourcePartition, OffsetRange> spans, SourcePartition at, long start, long end) {
        if (start < end) {
            spans.put(at, new OffsetRange(start, end));
        }
    }

    /** Partitions with records; where there are more than records wanted, evenly among all. */
    private static List<SourcePartition> spread(SortedMap<SourcePartition, OffsetRange> held, long records) {
        List<SourcePartition> all = held.entrySet().stream()
                .filter(entry -> entry.getValue().end() > entry.getValue().start())
                .map(Map.Entry::getKey)
                .toList();
        int most = (int) Math.min(all.size(), Math.max(1, records / 2));
        List<SourcePartition> chosen = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            chosen.add(all.get((int) ((long) i * all.size() / most)));
        }
        return chosen;
    }

    long offsets() {
        return length(next) + length(latest);
    }

    private static long length(Map<SourcePartition, OffsetRange> spans) {
        return spans.values().stream()
                .mapToLong(span -> span.end() - span.start())
                .sum();
    }
}
