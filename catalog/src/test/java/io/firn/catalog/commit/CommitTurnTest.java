package io.firn.catalog.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** No test measures time: one that waits for a turn when it should not is ended by the time-out. */
@Timeout(120)
class CommitTurnTest {
    /** Longer than the time-out. */
    private static final Duration NEVER = Duration.ofHours(1);

    private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private final AtomicLong waited = new AtomicLong(-1);

    @AfterEach
    void letGo() {
        end.countDown();
    }

    @Test
    void attemptsAtOneTableAreMadeOneAfterTheOther() throws InterruptedException {
        CommitTurns turns = new CommitTurns(CLOCK, NEVER);
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Thread[] committers = new Thread[4];
        for (int i = 0; i < committers.length; i++) {
            committers[i] = new Thread(() -> {
                for (int attempt = 0; attempt < 200; attempt++) {
                    turns.of("shop.orders").take(waited::set, () -> {
                        most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                        Thread.yield();
                        return atOnce.decrementAndGet();
                    });
                }
            });
            committers[i].start();
        }
        for (Thread committer : committers) {
            committer.join();
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void whoWaitsTooLongGoesAhead() throws InterruptedException {
        CommitTurn turn = CommitTurn.shared(new SteppingClock(), Duration.ofMillis(1));
        occupy(turn);
        assertThat(turn.<String>take(waited::set, () -> "made")).isEqualTo("made");
        assertThat(waited).hasValue(20);
    }

    @Test
    void whoFindsTheTableFreeHasNotWaited() {
        assertThat(CommitTurn.NONE.<String>take(waited::set, () -> "made")).isEqualTo("made");
        assertThat(waited).hasValue(0);
    }

    @Test
    void anotherTableIsNotWaitedFor() throws InterruptedException {
        CommitTurns turns = new CommitTurns(CLOCK, NEVER);
        occupy(turns.of("shop.orders"));
        assertThat(turns.of("shop.customers").<String>take(waited::set, () -> "made"))
                .isEqualTo("made");
    }

    @Test
    void anInterruptedCommitterGoesAheadAndStaysInterrupted() throws InterruptedException {
        CommitTurn turn = CommitTurn.shared(CLOCK, NEVER);
        occupy(turn);
        Thread.currentThread().interrupt();
        assertThat(turn.<String>take(waited::set, () -> "made")).isEqualTo("made");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anAttemptThatThrowsEndsItsTurn() throws InterruptedException {
        CommitTurn turn = CommitTurn.shared(CLOCK, NEVER);
        assertThatThrownBy(() -> turn.take(waited::set, () -> {
                    throw new IllegalStateException("refused");
                }))
                .isInstanceOf(IllegalStateException.class);
        Thread other = new Thread(() -> turn.take(waited::set, () -> "made"));
        other.start();
        other.join();
        assertThat(waited).hasValue(0);
    }

    /** Goes on by 20 ms whenever it is read. */
    private static final class SteppingClock extends Clock {
        private final AtomicLong millis = new AtomicLong();

        @Override
        public long millis() {
            return millis.getAndAdd(20);
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(millis());
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

    /** Another thread has its turn until the test ends. */
    private void occupy(CommitTurn turn) throws InterruptedException {
        Thread other = new Thread(() -> turn.take(waited::set, () -> {
            begun.countDown();
            try {
                end.await();
                return true;
            } catch (InterruptedException interrupt) {
                Thread.currentThread().interrupt();
                return false;
            }
        }));
        other.setDaemon(true);
        other.start();
        begun.await();
    }
}
