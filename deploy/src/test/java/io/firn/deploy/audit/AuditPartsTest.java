package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The parts of an audit that need neither table nor Kafka. */
class AuditPartsTest {
    /** Goes on by one second at every look. */
    private static final class SecondHand extends Clock {
        private Instant now = Instant.EPOCH;

        @Override
        public Instant instant() {
            now = now.plus(Duration.ofSeconds(1));
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @Test
    void long_work_says_every_few_seconds_how_far_it_is() {
        List<String> said = new ArrayList<>();
        Progress progress = new Progress(new SecondHand(), said::add);
        progress.begin("audit: reading Kafka", "records", 5_000);
        for (int record = 0; record < 7 * 1024; record++) {
            progress.step();
        }
        assertThat(said)
                .containsExactly(
                        "audit: reading Kafka: 3,072 of 5,000 records", "audit: reading Kafka: 6,144 of 5,000 records");
    }

    @Test
    void spans_that_cannot_be_compared_are_all_counted_and_the_first_hundred_kept() {
        Unverifiable spans = new Unverifiable();
        spans.add(new OffsetRange(0, 2), "gone");
        spans.add(new OffsetRange(2, 4), "gone");
        spans.add(new OffsetRange(4, 4), "gone");
        assertThat(spans.first()).containsExactly(new Unverifiable.Span(new OffsetRange(0, 4), "gone"));
        for (int span = 1; span < 500; span++) {
            spans.add(new OffsetRange(span * 10L, span * 10L + 1), "gone");
        }
        assertThat(spans.first()).hasSize(100);
        assertThat(spans.spanCount()).isEqualTo(500);
        assertThat(spans.offsets()).isEqualTo(4 + 499);
    }

    @Test
    void an_offset_is_found_in_the_gap_that_holds_it() {
        List<OffsetRange> gaps = List.of(new OffsetRange(2, 4), new OffsetRange(7, 8), new OffsetRange(9, 20));
        assertThat(List.of(2L, 3L, 7L, 9L, 19L)).allMatch(offset -> Matching.isIn(gaps, offset));
        assertThat(List.of(0L, 1L, 4L, 6L, 8L, 20L)).noneMatch(offset -> Matching.isIn(gaps, offset));
    }

    @Test
    void rows_that_kafka_does_not_show_are_a_difference_where_nobody_tells_of_compaction() {
        PartitionAudit found = new PartitionAudit(new SourcePartition("t", "id", 0), new OffsetRange(0, 9), List.of());
        found.notInKafka().add(3);
        found.compaction(Compaction.ON);
        assertThat(found.isClean()).isTrue();
        found.compaction(Compaction.NOT_TOLD);
        assertThat(found.isClean()).isFalse();
    }

    @Test
    void what_an_earlier_incarnation_of_a_topic_counted_is_not_ours() {
        PartitionAudit found = new PartitionAudit(new SourcePartition("t", "id", 0), new OffsetRange(5, 20), List.of());
        snapshot(found, new OffsetRange(10, 20), 2);
        snapshot(found, new OffsetRange(5, 10), 1);
        snapshot(found, new OffsetRange(0, 30), 50);
        for (int nulls = 0; nulls < 3; nulls++) {
            found.countNullValue(6);
        }
        assertThat(found.isClean()).isTrue();
        found.countNullValue(7);
        assertThat(found.nullsUncounted()).isEqualTo(1);
    }

    @Test
    void counts_are_followed_across_recorded_gaps() {
        PartitionAudit found = new PartitionAudit(
                new SourcePartition("t", "id", 0), new OffsetRange(0, 20), List.of(new OffsetRange(5, 10)));
        snapshot(found, new OffsetRange(10, 20), 1);
        snapshot(found, new OffsetRange(0, 5), 1);
        found.countNullValue(3);
        found.countNullValue(12);
        assertThat(found.isClean()).isTrue();
        assertThat(found.nullsOfExpiredSnapshots()).isZero();
    }

    private static void snapshot(PartitionAudit found, OffsetRange range, long nulls) {
        found.forgetRange();
        found.summaryRange(range);
        found.summarySkipped(nulls);
    }
}
