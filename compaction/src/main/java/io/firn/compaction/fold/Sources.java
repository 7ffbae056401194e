package io.firn.compaction.fold;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers for the partitions that records come from, so that a record needs no strings. Numbers start at 0. */
public final class Sources {
    /**
     * @param topic the topic's name
     * @param topicId the id of its incarnation, empty where the table does not tell
     * @param partition negative for rows that came from no record
     */
    public record Source(String topic, String topicId, int partition) implements Comparable<Source> {
        private static final Comparator<Source> ORDER = Comparator.comparing(Source::topic)
                .thenComparing(Source::topicId)
                .thenComparingInt(Source::partition);

        @Override
        public int compareTo(Source other) {
            return ORDER.compare(this, other);
        }
    }

    private final Map<Source, Integer> numbers = new HashMap<>();
    private final List<Source> sources = new ArrayList<>();

    /** The number of that source, a new one where it has none. */
    public int number(Source source) {
        Integer known = numbers.get(source);
        if (known != null) {
            return known;
        }
        numbers.put(source, sources.size());
        sources.add(source);
        return sources.size() - 1;
    }

    public Source source(int number) {
        return sources.get(number);
    }

    /** How records of equal timestamps from two sources are ordered. */
    int compare(int a, int b) {
        return a == b ? 0 : sources.get(a).compareTo(sources.get(b));
    }
}
