package io.firn.ingest.poll;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Asks again for what a broker may learn of a moment later than others, such as a topic that was just created.
 *
 * @param attempts how often it asks, at least once
 * @param pause between two of them
 * @param sleep lets the time pass; throws if the thread is interrupted
 */
record RepeatedLookup(int attempts, Duration pause, Consumer<Duration> sleep) {
    /** Returns the first answer that is complete, or the last. */
    <T> T ask(Supplier<T> question, Predicate<T> isComplete) {
        T answer = question.get();
        for (int asked = 1; asked < attempts && !isComplete.test(answer); asked++) {
            sleep.accept(pause);
            answer = question.get();
        }
        return answer;
    }
}
