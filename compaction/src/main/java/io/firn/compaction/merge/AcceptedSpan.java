package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Offsets that a person has decided to go on without, because staging lacks them and Kafka no longer holds them.
 *
 * @param topic empty text for every topic of the pipeline
 */
public record AcceptedSpan(String topic, int partition, OffsetRange offsets) {
    private static final Pattern TEXT = Pattern.compile("(.+)-(\\d+):(\\d+)-(\\d+)");

    /**
     * Reads {@code TOPIC-PARTITION:FROM-TO}, TO exclusive.
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

    @Override
    public String toString() {
        return topic + "-" + partition + ":" + offsets.start() + "-" + offsets.end();
    }
}
