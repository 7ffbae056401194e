package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Offsets that a person has decided to go on without, because staging lacks them and Kafka no longer holds them.
 *
 * @param topic empty text for every topic of the pipeline
 */
public record AcceptedSpan(String topic, int partition, OffsetRange offsets) {
    private static final Pattern TEXT = Pattern.compile("(.+)-(\\d+):(\\d+)-(\\d+)");

    /**
     * Reads {@code TOPIC-PARTITION:FROM-TO}, {@code TO} exclusive.
     *
     * @throws FirnException {@code span-invalid}
     */
    public static AcceptedSpan parse(String text) {
        Matcher span = TEXT.matcher(text);
        if (!span.matches()) {
            throw invalid(text, "it names no offsets");
        }
        try {
            OffsetRange offsets = new OffsetRange(Long.parseLong(span.group(3)), Long.parseLong(span.group(4)));
            if (offsets.isEmpty()) {
                throw invalid(text, "the span is empty");
            }
            return new AcceptedSpan(span.group(1), Integer.parseInt(span.group(2)), offsets);
        } catch (IllegalArgumentException wrong) {
            throw invalid(text, String.valueOf(wrong.getMessage()));
        }
    }

    private static FirnException invalid(String text, String why) {
        return FirnException.user(
                "span-invalid",
                why,
                "'" + text + "'",
                "write TOPIC-PARTITION:FROM-TO, TO exclusive, for example orders-0:50-70");
    }

    /** Reads what {@link #text(List)} wrote. */
    public static List<AcceptedSpan> list(String text) {
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(",", -1)).map(AcceptedSpan::parse).toList();
    }

    /** Returns the spans with commas between. */
    public static String text(List<AcceptedSpan> spans) {
        return spans.stream().map(AcceptedSpan::text).collect(Collectors.joining(","));
    }

    /** Returns the text that {@link #parse} reads. */
    public String text() {
        return topic + "-" + partition + ":" + offsets.start() + "-" + offsets.end();
    }

    @Override
    public String toString() {
        return text();
    }

    /** Returns whether the span is one of this partition. */
    public boolean isOf(String ofTopic, int ofPartition) {
        return partition == ofPartition && (topic.isEmpty() || topic.equals(ofTopic));
    }
}
