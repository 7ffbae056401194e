package io.firn.ingest.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.SealedFiles;
import io.firn.ingest.rig.MemoryFiles;
import io.firn.ingest.rig.MemoryTable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.Test;

class CommitGroupTest {
    private static final SourcePartition SHARED = new SourcePartition("orders", "topic-id", 0);

    private Instant now = Instant.EPOCH;
    private final InstantSource time = () -> now;
    private final MemoryTable table = new MemoryTable();
    private final MemoryFiles files = new MemoryFiles();
    private final Reasons listener = new Reasons();
    private final CommitGroup group = groupOn(table);

    @Test
    void workOfTwoWorkersOnOnePartitionIsDroppedAndBothBeginAgain() {
        group.join(0);
        group.join(1);
        group.writeStarts(0, Ledger.empty(), Map.of(SHARED, 0L));
        group.turn();
        group.turn();
        DataFile first = file(5);
        DataFile second = file(3);
        group.offer(0, contribution(first, 5));
        long ticket = group.offer(1, contribution(second, 3));
        group.turn();
        group.turn();
        assertThat(group.epoch()).isEqualTo(1);
        assertThat(group.decided(ticket)).isTrue();
        assertThat(table.files()).isEmpty();
        assertThat(files.exists(first.location())).isFalse();
        assertThat(files.exists(second.location())).isFalse();
        assertThat(table.refreshedLedger().next("orders", SHARED)).hasValue(0);
    }

    @Test
    void aPartitionThatAnyOfTheWorkersOfACommitHoldsIsRefusedFromTheNext() {
        SourcePartition other = new SourcePartition("orders", "topic-id", 1);
        group.join(0);
        group.join(1);
        group.join(2);
        group.writeStarts(0, Ledger.empty(), Map.of(SHARED, 0L, other, 0L));
        group.turn();
        group.offer(0, contribution(other, file(2), 2));
        group.offer(1, contribution(file(5), 5));
        group.offerUrgently(2, contribution(file(3), 3));
        group.turn();
        group.turn();
        assertThat(group.epoch()).isEqualTo(1);
        assertThat(table.files()).isEmpty();
        assertThat(files.locations()).isEmpty();
    }

    @Test
    void singleRefusalOfACommitIsTriedAgainAndOneThatLastsIsFinal() {
        Refusing refusing = new Refusing(table);
        CommitGroup refused = groupOn(refusing);
        refused.join(0);
        refused.writeStarts(0, Ledger.empty(), Map.of(SHARED, 0L));
        refusing.refuses = true;
        refused.turn();
        assertThat(listener.reason).contains("404");

        refusing.refuses = false;
        now = now.plusSeconds(1);
        refused.turn();
        assertThat(listener.reason).isEmpty();
        assertThat(table.refreshedLedger().next("orders", SHARED)).hasValue(0);

        long ticket = refused.offerUrgently(0, contribution(file(5), 5));
        refusing.refuses = true;
        refused.turn();
        for (int second = 0; second < 80; second++) {
            now = now.plusSeconds(1);
            refused.turn();
        }
        assertThat(refused.decided(ticket)).isFalse();
        now = now.plusSeconds(30);
        assertThatExceptionOfType(FirnException.class).isThrownBy(refused::turn).withMessageContaining("404");
    }

    /** Answers with a refusal as long as it is told to. */
    private static final class Refusing implements CommitAttempts {
        private final CommitAttempts real;
        private boolean refuses;

        Refusing(CommitAttempts real) {
            this.real = real;
        }

        private void answer() {
            if (refuses) {
                throw FirnException.user("table-missing", "404: no backend", "table shop.orders", "");
            }
        }

        @Override
        public CommitOutcome attempt(TableCommit commit) {
            answer();
            return real.attempt(commit);
        }

        @Override
        public long waitedMillis() {
            return real.waitedMillis();
        }

        @Override
        public Ledger refreshedLedger() {
            answer();
            return real.refreshedLedger();
        }

        @Override
        public Table latest() {
            return real.latest();
        }
    }

    private CommitGroup groupOn(CommitAttempts attempts) {
        return new CommitGroup(
                new CommitGroup.Plan("orders", Duration.ZERO, Duration.ofMinutes(5)),
                attempts,
                new TopicGuard(names -> Map.of("orders", "topic-id"), TopicGuard.Recreated.FAIL),
                files,
                listener,
                time.withZone(ZoneOffset.UTC),
                new Random(1));
    }

    @Test
    void theLedgerIsNotReadWhileACommitIsOnItsWay() {
        Attempts attempts = new Attempts();
        CommitGroup watched = groupOn(attempts);
        watched.join(0);
        watched.writeStarts(0, Ledger.empty(), Map.of(SHARED, 0L));
        long before = watched.askLedger();
        attempts.undecided = 2;
        watched.turn();
        long during = watched.askLedger();
        watched.turn();
        assertThat(attempts.log).containsExactly("attempt", "attempt");
        assertThat(watched.ledgerSince(before)).isEmpty();

        watched.turn();
        watched.turn();
        assertThat(attempts.log).containsExactly("attempt", "attempt", "attempt", "read");
        assertThat(watched.ledgerSince(during)).hasValueSatisfying(ledger -> assertThat(ledger.next("orders", SHARED))
                .hasValue(0));
    }

    @Test
    void aLedgerThatWasAskedForIsReadBeforeTheNextCommitBegins() {
        Attempts attempts = new Attempts();
        CommitGroup watched = groupOn(attempts);
        watched.join(0);
        watched.writeStarts(0, Ledger.empty(), Map.of(SHARED, 0L));
        watched.turn();
        watched.turn();
        watched.offer(0, contribution(file(5), 5));
        watched.askLedger();
        watched.turn();
        watched.turn();
        assertThat(attempts.log).containsExactly("attempt", "read", "attempt");
    }

    /** Notes in what order it is asked. */
    private class Attempts implements CommitAttempts {
        private final List<String> log = new ArrayList<>();
        private int undecided;
        private long waitedMillis;

        @Override
        public CommitOutcome attempt(TableCommit commit) {
            log.add("attempt");
            return undecided-- > 0 ? new CommitOutcome.Undecided(0, "not yet") : table.attempt(commit);
        }

        @Override
        public long waitedMillis() {
            return waitedMillis;
        }

        @Override
        public Ledger refreshedLedger() {
            log.add("read");
            return table.refreshedLedger();
        }

        @Override
        public Table latest() {
            return table.latest();
        }
    }

    @Test
    void aTickThatEveryWorkerMissesDoesNotStandInTheWayOfTheNext() {
        group.join(0);
        group.writeStarts(0, Ledger.empty(), Map.of(SHARED, 0L));
        group.turn();
        group.reset();
        group.turn();
        long missed = group.tick();
        assertThat(group.offer(0, contribution(file(5), 5)))
                .as("work of the epoch before")
                .isEqualTo(CommitGroup.REFUSED);
        now = now.plusSeconds(5);
        group.turn();
        group.turn();
        assertThat(group.tick()).isGreaterThan(missed);
    }

    @Test
    void whoNeedsLongForACommitLeavesTheTableToOthersForThreeTimesAsLong() {
        CommitAttempts slow = new Attempts() {
            @Override
            public CommitOutcome attempt(TableCommit commit) {
                now = now.plusSeconds(2);
                return super.attempt(commit);
            }
        };
        CommitGroup watched = groupOn(slow);
        watched.join(0);
        watched.writeStarts(0, Ledger.empty(), Map.of(SHARED, 0L));
        watched.turn();
        long before = watched.tick();
        now = now.plusMillis(5_999);
        watched.turn();
        watched.turn();
        assertThat(watched.tick()).isEqualTo(before);
        now = now.plusMillis(1);
        watched.turn();
        assertThat(watched.tick()).isGreaterThan(before);
    }

    @Test
    void aWaitForTheTurnIsNoPartOfWhatACommitTakes() {
        Attempts attempts = new Attempts() {
            @Override
            public CommitOutcome attempt(TableCommit commit) {
                now = now.plusSeconds(2);
                return super.attempt(commit);
            }
        };
        attempts.waitedMillis = 1_990;
        CommitGroup watched = groupOn(attempts);
        watched.join(0);
        watched.writeStarts(0, Ledger.empty(), Map.of(SHARED, 0L));
        watched.turn();
        long before = watched.tick();
        now = now.plusSeconds(5);
        watched.turn();
        watched.turn();
        assertThat(watched.tick()).isGreaterThan(before);
    }

    private DataFile file(int rows) {
        var writer = files.writer();
        byte[] value = "value".getBytes(StandardCharsets.UTF_8);
        for (int offset = 0; offset < rows; offset++) {
            writer.write(SHARED, offset, 0, value, 0, value.length, null);
        }
        return writer.seal().files().get(0);
    }

    private static Contribution contribution(DataFile file, long end) {
        return contribution(SHARED, file, end);
    }

    private static Contribution contribution(SourcePartition partition, DataFile file, long end) {
        PartitionStep step = PartitionStep.advance(new OffsetRange(0, end), OptionalLong.empty());
        return new Contribution(
                0,
                new SealedFiles(List.of(file), MemoryFiles.SCHEMA),
                new TreeMap<>(Map.of(partition, step)),
                Map.of(partition, end));
    }

    /** Keeps why the catalog does not work, as long as it does not. */
    private static final class Reasons implements CommitListener {
        private String reason = "";

        @Override
        public void outage(String text) {
            reason = text;
        }

        @Override
        public void recovered() {
            reason = "";
        }

        @Override
        public void committed(CommitOutcome.Committed outcome, Map<SourcePartition, Long> rows) {}

        @Override
        public void fenced(CommitOutcome.Fenced outcome) {}

        @Override
        public void schemaChanged(CommitOutcome.SchemaChanged outcome) {}
    }
}
