package io.firn.deploy.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SamplePlanTest {
    private static SourcePartition partition(int number) {
        return new SourcePartition("orders", "AAAAAAAAAAAAAAAAAAAAAA", number);
    }

    private static SamplePlan one(long records, long start, long end, long position) {
        return SamplePlan.of(
                records, Map.of(partition(0), new OffsetRange(start, end)), Map.of(partition(0), position));
    }

    @Test
    void halfIsReadFromThePositionAndHalfAtTheEnd() {
        SamplePlan plan = one(100, 1_000, 5_000, 2_000);
        assertThat(plan.next()).containsEntry(partition(0), new OffsetRange(2_000, 2_050));
        assertThat(plan.latest()).containsEntry(partition(0), new OffsetRange(4_950, 5_000));
    }

    @Test
    void nothingIsReadTwice() {
        SamplePlan plan = one(100, 0, 60, 0);
        assertThat(plan.next()).containsEntry(partition(0), new OffsetRange(0, 50));
        assertThat(plan.latest()).containsEntry(partition(0), new OffsetRange(50, 60));
    }

    @Test
    void whatWasReadLastIsTakenWhereNothingIsLeft() {
        SamplePlan plan = one(100, 10, 5_000, 5_000);
        assertThat(plan.next()).isEmpty();
        assertThat(plan.latest()).containsEntry(partition(0), new OffsetRange(4_950, 5_000));
    }

    @Test
    void positionOutsideOfWhatKafkaHoldsIsNeverRead() {
        assertThat(one(100, 1_000, 5_000, 7).next()).containsEntry(partition(0), new OffsetRange(1_000, 1_050));
        assertThat(one(100, 1_000, 5_000, 9_000).next()).isEmpty();
    }

    @Test
    void sampleIsSpreadOverPartitionsAndNeverMuchLarger() {
        Map<SourcePartition, OffsetRange> held = new HashMap<>();
        for (int number = 0; number < 1_000; number++) {
            held.put(partition(number), new OffsetRange(0, number % 2 == 0 ? 0 : 1_000));
        }
        SamplePlan plan = SamplePlan.of(100, held, Map.of());
        assertThat(plan.next()).hasSize(50);
        assertThat(plan.latest()).hasSize(50);
        assertThat(plan.next().keySet()).allMatch(partition -> partition.partition() % 2 == 1);
        assertThat(plan.next().lastKey().partition()).isGreaterThan(900);
        assertThat(SamplePlan.of(100, Map.of(), Map.of()).next()).isEmpty();
    }
}
