package io.firn.catalog.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CommitTurnTest {
    private static final Clock CLOCK = Clock.systemUTC();

    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private final AtomicLong waited = new AtomicLong(-1);

    @AfterEach
    void letGo() {
        end.countDown();
    }

    @Test
    void attemptsAtOneTableAreMadeOneAfterTheOther() throws InterruptedException {
        CommitTurns turns = new CommitTurns(CLOCK);
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
        CommitTurn turn = CommitTurn.shared(CLOCK, Duration.ofMillis(20));
        occupy(turn);
        assertThat(turn.<String>take(waited::set, () -> "made")).isEqualTo("made");
        assertThat(waited).hasValueGreaterThanOrEqualTo(20).hasValueLessThan(10_000);
    }

    @Test
    void whoFindsTheTableFreeHasNotWaited() {
        assertThat(CommitTurn.NONE.<String>take(waited::set, () -> "made")).isEqualTo("made");
        assertThat(waited).hasValue(0);
    }

    @Test
    void anotherTableIsNotWaitedFor() throws InterruptedException {
        CommitTurns turns = new CommitTurns(CLOCK);
        occupy(turns.of("shop.orders"));
        long before = System.nanoTime();
        turns.of("shop.customers").take(waited::set, () -> "made");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void anInterruptedCommitterGoesAheadAndStaysInterrupted() throws InterruptedException {
        CommitTurn turn = CommitTurn.shared(CLOCK);
        occupy(turn);
        Thread.currentThread().interrupt();
        assertThat(turn.<String>take(waited::set, () -> "made")).isEqualTo("made");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anAttemptThatThrowsEndsItsTurn() throws InterruptedException {
        CommitTurn turn = CommitTurn.shared(CLOCK, Duration.ofSeconds(20));
        assertThatThrownBy(() -> turn.take(waited::set, () -> {
                    throw new IllegalStateException("refused");
                }))
                .isInstanceOf(IllegalStateException.class);
        Thread other = new Thread(() -> turn.take(waited::set, () -> "made"));
        other.start();
        other.join(TimeUnit.SECONDS.toMillis(10));
        assertThat(other.isAlive()).isFalse();
    }

    /** Another thread has its turn until the test ends. */
    private void occupy(CommitTurn turn) throws InterruptedException {
        Thread other = new Thread(() -> turn.take(waited::set, () -> {
            begun.countDown();
            try {
                return end.await(20, TimeUnit.SECONDS);
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
