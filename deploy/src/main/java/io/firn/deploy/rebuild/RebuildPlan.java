package io.firn.deploy.rebuild;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.catalog.upsert.SetMember;
import java.util.List;
import java.util.SortedMap;

/**
 * What a rebuild does.
 *
 * @param member of the set
 * @param table its name
 * @param work what is to be done about the table that has the name
 * @param reading what is read or merged again, one backfill each, in a fixed order
 * @param lost offsets that neither Kafka nor staging holds any more
 * @param notes further facts for a person
 */
public record RebuildPlan(
        SetMember member, String table, Work work, List<Reading> reading, List<AcceptedSpan> lost, List<String> notes) {
    /** What is to be done about the table that has the name. */
    public enum Work {
        CREATE,
        /** Drop it, then create another. */
        REPLACE,
        /** An earlier run of the rebuild created it. */
        RESUME
    }

    /** Where the records of a reading come from. */
    public enum From {
        KAFKA,
        STAGING
    }

    /**
     * One backfill.
     *
     * @param spans by partition
     */
    public record Reading(String topic, String topicId, From from, SortedMap<Integer, OffsetRange> spans) {
        long offsets() {
            return spans.values().stream()
                    .mapToLong(span -> span.end() - span.start())
                    .sum();
        }
    }

    public RebuildPlan {
        reading = List.copyOf(reading);
        lost = List.copyOf(lost);
        notes = List.copyOf(notes);
    }

    /** Returns how many offsets are read from Kafka. */
    public long offsets() {
        return reading.stream()
                .filter(each -> each.from() == From.KAFKA)
                .mapToLong(Reading::offsets)
                .sum();
    }
}
