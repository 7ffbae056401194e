package io.firn.compaction.expire;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.compaction.expire.SpacedHistory.Moment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpacedHistoryTest {
    private static final long HOUR = 3_600_000;

    @Test
    void fewSnapshotsAllStay() {
        List<Moment> snapshots = every(10_000, 100);
        assertThat(SpacedHistory.kept(snapshots, 100, Long.MAX_VALUE)).hasSize(100);
    }

    @Test
    void whatIsYoungStaysWhole() {
        List<Moment> snapshots = every(10_000, 1_000);
        Set<Long> kept = SpacedHistory.kept(snapshots, 50, 9_000_000);
        assertThat(kept).contains(900L, 950L, 999L);
        assertThat(kept).hasSizeBetween(100 + 25, 100 + 50);
    }

    @Test
    void olderOnesStayEvenlyInTime() {
        List<Moment> snapshots = every(10_000, 43_200);
        Set<Long> kept = SpacedHistory.kept(snapshots, 300, Long.MAX_VALUE);
        List<Long> times = kept.stream().map(id -> id * 10_000).sorted().toList();
        assertThat(times).hasSizeBetween(150, 300);
        for (int i = 1; i < times.size(); i++) {
            assertThat(times.get(i) - times.get(i - 1)).isLessThan(HOUR);
        }
        assertThat(times.get(0)).isLessThan(HOUR);
    }

    @Test
    void anotherRunTakesNothingFurther() {
        List<Moment> snapshots = every(7_000, 5_000);
        Set<Long> once = SpacedHistory.kept(snapshots, 120, Long.MAX_VALUE);
        List<Moment> left = snapshots.stream()
                .filter(snapshot -> once.contains(snapshot.id()))
                .toList();
        assertThat(SpacedHistory.kept(left, 120, Long.MAX_VALUE)).isEqualTo(once);
    }

    @Test
    void snapshotsOfOneMomentAreNoReasonToGoOnForEver() {
        List<Moment> snapshots = List.of(new Moment(1, 5), new Moment(2, 5), new Moment(3, 5));
        assertThat(SpacedHistory.kept(snapshots, 1, Long.MAX_VALUE)).containsExactly(1L);
    }

    private static List<Moment> every(long millis, int count) {
        List<Moment> snapshots = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            snapshots.add(new Moment(i, i * millis));
        }
        return snapshots;
    }
}
