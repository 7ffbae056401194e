package io.firn.ingest.record;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The topics of a pipeline: by name or by pattern, never both.
 *
 * @param names exact names; empty where there is a pattern
 * @param pattern whole names that match, topics created later included
 */
public record TopicSelection(List<String> names, Optional<Pattern> pattern) {
    public TopicSelection {
        names = List.copyOf(names);
        if (names.isEmpty() == pattern.isEmpty()) {
            throw new IllegalArgumentException("either names or a pattern: " + names + " " + pattern);
        }
    }

    public static TopicSelection named(List<String> names) {
        return new TopicSelection(names, Optional.empty());
    }

    public static TopicSelection matching(Pattern pattern) {
        return new TopicSelection(List.of(), Optional.of(pattern));
    }

    public boolean contains(String topic) {
        return pattern.map(names -> names.matcher(topic).matches()).orElseGet(() -> names.contains(topic));
    }

    @Override
    public String toString() {
        return pattern.map(Pattern::pattern).orElseGet(() -> String.join(", ", names));
    }
}
