package io.firn.deploy.check;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.check.SampleReport.BadRecord;
import io.firn.ingest.DecodeProbe;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import io.firn.ingest.record.SpanSource;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Reads a sample of one pipeline's records from Kafka and decodes them as ingestion would. Writes nothing. */
final class PipelineSample implements RecordConsumer {
    /** For one pipeline. */
    static final Duration MAX_TIME = Duration.ofSeconds(20);

    private static final Duration POLL = Duration.ofMillis(200);

    private final String name;
    private final Map<SourcePartition, Long> positions;
    private final DecodeProbe decoder;
    private final FieldCoverage fields;
    private final Clock clock;
    private final List<BadRecord> firstBad = new ArrayList<>();
    private final Set<SourcePartition> begun = new HashSet<>();
    private long records;
    private long badRecords;
    private long quotedKeys;

    /** @param positions where the pipeline reads next */
    PipelineSample(String name, SampleTarget target, Map<SourcePartition, Long> positions, Clock clock) {
        this.name = name;
        this.positions = positions;
        this.decoder = new DecodeProbe(target.schema(), target.decoding());
        this.fields = new FieldCoverage(target.schema());
        this.clock = clock;
    }

    SampleReport run(SpanSource kafka, SamplePlan plan) {
        Instant deadline = clock.instant().plus(MAX_TIME);
        boolean complete = read(kafka, plan.next(), deadline);
        complete &= read(kafka, plan.latest(), deadline);
        return new SampleReport(
                name,
                records,
                badRecords,
                firstBad,
                fields.unmatched(),
                fields.absent(),
                fields.matchesNothing(),
                quotedKeys,
                complete);
    }

    /** @return whether the spans were read to their ends in time */
    private boolean read(SpanSource kafka, SortedMap<SourcePartition, OffsetRange> spans, Instant deadline) {
        kafka.begin(spans);
        while (!isRead(kafka, spans)) {
            if (!clock.instant().isBefore(deadline)) {
                return false;
            }
            try {
                int unused = kafka.poll(POLL, this);
            } catch (OffsetGapException gone) {
                // Retention removed records of the sample while it was read.
                return false;
            }
        }
        return true;
    }

    private static boolean isRead(SpanSource kafka, SortedMap<SourcePartition, OffsetRange> spans) {
        Map<SourcePartition, Long> next = kafka.positions();
        return spans.entrySet().stream()
                .allMatch(span ->
                        next.getOrDefault(span.getKey(), 0L) >= span.getValue().end());
    }

    @Override
    public void record(
            SourcePartition partition,
            long offset,
            long timestampMillis,
            byte[] bytes,
            int start,
            int length,
            @Nullable ByteBuffer key) {
        records++;
        boolean ahead = offset >= positions.getOrDefault(partition, 0L);
        boolean next = ahead && begun.add(partition);
        if (key != null && isQuoted(key)) {
            quotedKeys++;
        }
        try {
            decoder.decode(bytes, start, length, key);
        } catch (BadRecordException bad) {
            badRecords++;
            if (firstBad.size() < SampleReport.MAX_BAD) {
                String at = bad.byteOffset() < 0 ? "" : " (byte " + bad.byteOffset() + ")";
                firstBad.add(new BadRecord(partition + "@" + offset, bad.getMessage() + at, next, ahead));
            }
        }
        if (length >= 0) {
            fields.add(bytes, start, length);
        }
    }

    private static boolean isQuoted(ByteBuffer key) {
        return key.remaining() > 1 && key.get(key.position()) == '"' && key.get(key.limit() - 1) == '"';
    }
}
