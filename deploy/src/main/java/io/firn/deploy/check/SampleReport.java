package io.firn.deploy.check;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a sample of a pipeline's records showed.
 *
 * @param records how many were read
 * @param badRecords how many of them cannot be decoded
 * @param firstBad the first of those, at most {@link #MAX_BAD}
 * @param unmatchedFields fields without a column, by path, with the number of records that have them
 * @param absentColumns columns, by path, that no record has; empty where no record with a value was read
 * @param matchesNothing whether records were read and no field of any has a column
 * @param quotedKeys records whose Kafka key is a JSON string
 * @param complete whether the whole sample was read within the time
 */
public record SampleReport(
        String pipeline,
        long records,
        long badRecords,
        List<BadRecord> firstBad,
        SortedMap<String, Long> unmatchedFields,
        List<String> absentColumns,
        boolean matchesNothing,
        long quotedKeys,
        boolean complete) {
    /** Enough to see a pattern. */
    static final int MAX_BAD = 5;

    public SampleReport {
        firstBad = List.copyOf(firstBad);
        unmatchedFields = new TreeMap<>(unmatchedFields);
        absentColumns = List.copyOf(absentColumns);
    }

    /**
     * One record that cannot be decoded.
     *
     * @param position as {@code orders-3@1207}
     * @param reason without the record's other values
     * @param next whether it is the record that the pipeline reads next
     * @param ahead whether the pipeline has yet to read it
     */
    public record BadRecord(String position, String reason, boolean next, boolean ahead) {}
}
