package io.firn.ingest.poll;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RepeatedLookupTest {
    private static final Duration PAUSE = Duration.ofMillis(250);

    private final List<Duration> pauses = new ArrayList<>();
    private final RepeatedLookup lookup = new RepeatedLookup(3, PAUSE, pauses::add);
    private final AtomicInteger asked = new AtomicInteger();

    @Test
    void completeAnswerIsReturnedAtOnce() {
        assertThat(lookup.ask(asked::incrementAndGet, answer -> true)).isEqualTo(1);
        assertThat(pauses).isEmpty();
    }

    @Test
    void topicThatTheBrokerLearnsOfLaterIsFound() {
        assertThat(lookup.ask(asked::incrementAndGet, answer -> answer == 2)).isEqualTo(2);
        assertThat(pauses).containsExactly(PAUSE);
    }

    @Test
    void lastAnswerIsReturnedIfNoneIsComplete() {
        assertThat(lookup.ask(asked::incrementAndGet, answer -> false)).isEqualTo(3);
        assertThat(pauses).containsExactly(PAUSE, PAUSE);
    }
}
