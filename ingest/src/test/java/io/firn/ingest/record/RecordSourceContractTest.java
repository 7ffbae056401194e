package io.firn.ingest.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.rig.Until;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@link RecordSource} promises, for the real one and the simulated one alike. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
public abstract class RecordSourceContractTest {
    private final List<SourceWorld> worlds = new ArrayList<>();

    /** A topic of its own for each call, with so many empty partitions. */
    protected abstract SourceWorld world(int partitions);

    @AfterEach
    void closeWorlds() {
        worlds.forEach(SourceWorld::close);
    }

    private SourceWorld opened(int partitions) {
        SourceWorld world = world(partitions);
        worlds.add(world);
        return world;
    }

    private static Member joined(SourceWorld world) {
        Member member = new Member(world, world.join());
        member.until("all are assigned", () -> member.held.equals(member.source.partitions()));
        return member;
    }

    @Test
    void whatIsAssignedIsNamedByItsTopicsIdAndDeliversNothingBeforeItIsSought() {
        SourceWorld world = opened(2);
        try (Member member = joined(world)) {
            world.produce(0, 3);
            world.produce(1, 3);
            member.pollInVain();
            assertThat(member.held).containsExactly(world.partition(0), world.partition(1));
            assertThat(member.deliveries).isEmpty();
            assertThat(member.source.positions()).isEmpty();
        }
    }

    @Test
    void recordsComeInOrderFromWhereTheCallerSought() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            world.produce(0, 5);
            member.source.seek(world.partition(0), 2);
            assertThat(member.source.positions()).containsEntry(world.partition(0), 2L);
            member.until("three records", () -> member.deliveries.size() == 3);
            assertThat(member.offsets()).containsExactly(2L, 3L, 4L);
            member.source.seek(world.partition(0), 4);
            member.until("the last one again", () -> member.deliveries.size() == 4);
            assertThat(member.offsets()).containsExactly(2L, 3L, 4L, 4L);
            assertThat(member.source.positions()).containsEntry(world.partition(0), 5L);
        }
    }

    @Test
    void aPartitionThatIsNotAssignedCannotBeSought() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            SourcePartition own = world.partition(0);
            SourcePartition other = new SourcePartition(own.topic(), own.topicId(), 7);
            assertThatThrownBy(() -> member.source.seek(other, 0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void positionsPassWhatKafkaItselfSkips() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            world.produce(0, 2);
            long end = 2L + world.abortTransaction(0);
            member.source.seek(world.partition(0), 0);
            member.until("the end", () -> Long.valueOf(end)
                    .equals(member.source.positions().get(world.partition(0))));
            assertThat(member.offsets()).containsExactly(0L, 1L);
            assertThat(member.bounds(world.partition(0))).isEqualTo(new OffsetRange(0, end));
        }
    }

    @Test
    void offsetsThatCompactionTookAreNoGap() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            world.compactFirst();
            member.source.seek(world.partition(0), 0);
            member.until("what is left", () -> member.offsets().contains(1L));
            assertThat(member.offsets()).doesNotContain(0L);
        }
    }

    @Test
    void anEmptyPartitionStandsWhereItWasSought() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            member.source.seek(world.partition(0), 0);
            member.pollInVain();
            assertThat(member.deliveries).isEmpty();
            assertThat(member.source.positions()).containsEntry(world.partition(0), 0L);
            assertThat(member.bounds(world.partition(0))).isEqualTo(new OffsetRange(0, 0));
        }
    }

    @Test
    void aNullValueHasNoLength() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            world.produceNullValue(0);
            world.produce(0, 1);
            member.source.seek(world.partition(0), 0);
            member.until("both", () -> member.deliveries.size() == 2);
            assertThat(member.deliveries.get(0).length()).isEqualTo(-1);
            assertThat(member.deliveries.get(1).length()).isPositive();
        }
    }

    @Test
    void aPausedSourceDeliversNothingNotEvenOfWhatIsAssignedMeanwhile() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            member.source.seek(world.partition(0), 0);
            member.source.pauseAll();
            world.addPartition();
            member.until("the new one is assigned", () -> member.held.size() == 2);
            world.produce(0, 1);
            world.produce(1, 1);
            member.source.seek(world.partition(1), 0);
            member.pollInVain();
            assertThat(member.deliveries).isEmpty();
            member.source.resumeAll();
            member.until("both", () -> member.deliveries.size() == 2);
        }
    }

    @Test
    void resumingStartsNothingThatWasNeverSought() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            world.produce(0, 1);
            member.source.pauseAll();
            member.source.resumeAll();
            member.pollInVain();
            assertThat(member.deliveries).isEmpty();
            member.source.seek(world.partition(0), 0);
            member.until("it", () -> member.deliveries.size() == 1);
        }
    }

    @Test
    void aSecondMemberTakesOverAPartAfterItWasRevoked() {
        SourceWorld world = opened(2);
        try (Member first = joined(world);
                Member second = new Member(world, world.join())) {
            first.held.forEach(partition -> first.source.seek(partition, 0));
            first.until("each holds one", () -> second.poll() && first.held.size() == 1 && second.held.size() == 1);
            assertThat(first.revoked).isEqualTo(second.held);
            assertThat(first.source.positions()).containsOnlyKeys(first.held);
            assertThat(first.lost).isEmpty();
        }
    }

    @Test
    void aMemberThatTheGroupForgotLosesAllAndComesBack() {
        SourceWorld world = opened(2);
        try (Member member = joined(world)) {
            Set<SourcePartition> all = Set.copyOf(member.held);
            all.forEach(partition -> member.source.seek(partition, 0));
            world.expireOnlyMember();
            member.until("all are lost", () -> member.lost.equals(all));
            member.until("all are back", () -> member.held.equals(all));
            assertThat(member.revoked).isEmpty();
            assertThat(member.source.positions()).isEmpty();
            world.produce(0, 1);
            all.forEach(partition -> member.source.seek(partition, 0));
            member.until("a record", () -> !member.deliveries.isEmpty());
        }
    }

    @Test
    void aPositionThatKafkaNoLongerHoldsIsAGap() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            world.produce(0, 5);
            world.deleteBefore(0, 3);
            member.source.seek(world.partition(0), 1);
            OffsetGapException gap = member.gap();
            assertThat(gap.partition()).isEqualTo(world.partition(0));
            assertThat(gap.expected()).isEqualTo(1);
            assertThat(gap.held()).isEqualTo(new OffsetRange(3, 5));
            member.source.seek(world.partition(0), 3);
            member.until("the rest", () -> member.deliveries.size() == 2);
        }
    }

    @Test
    void aPositionPastTheEndIsAGapToo() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            world.produce(0, 2);
            member.source.seek(world.partition(0), 9);
            OffsetGapException gap = member.gap();
            assertThat(gap.expected()).isEqualTo(9);
            assertThat(gap.held()).isEqualTo(new OffsetRange(0, 2));
        }
    }

    @Test
    void aTopicThatWasCreatedAgainHasAnotherId() {
        SourceWorld world = opened(1);
        try (Member member = joined(world)) {
            SourcePartition before = world.partition(0);
            world.recreateTopic();
            assertThat(world.partition(0).topicId()).isNotEqualTo(before.topicId());
            Until.holds("the new topic", () -> member.source.partitions().equals(Set.of(world.partition(0))));
        }
    }

    @Test
    void aTopicThatDoesNotExistIsTheUsersAffair() {
        SourceWorld world = opened(1);
        world.deleteTopic();
        try (Member member = new Member(world, world.join())) {
            member.pollInVain();
            assertThat(member.held).isEmpty();
            assertThatThrownBy(member.source::partitions)
                    .isInstanceOfSatisfying(FirnException.class, failure -> assertThat(failure.code())
                            .isEqualTo("topic-missing"));
        }
    }
}
