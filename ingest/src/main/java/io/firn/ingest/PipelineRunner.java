package io.firn.ingest;

import io.firn.ingest.record.RecordSources;
import java.time.Clock;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Runs one pipeline in this process: a thread for each worker and one for the table's commits.
 *
 * <pre>
 *   RecordSources kafka = new KafkaSources(name, topics, kafkaProperties, fetchMemoryBytes, workers);
 *   PipelineRunner runner = new PipelineRunner(settings, kafka, table, clock, random, listener);
 *   runner.start();
 *   runner.await(...);   // throws the first failure
 *   runner.stop(Duration.ofSeconds(30));
 * </pre>
 */
public final class PipelineRunner implements AutoCloseable {
    /**
     * @param sources closed with the runner
     * @param random for commit ids and back-off; used by the commit thread alone
     */
    public PipelineRunner(
            PipelineSettings settings,
            RecordSources sources,
            PipelineTable table,
            Clock clock,
            RandomGenerator random,
            PipelineListener listener) {}

    /** Starts the threads and returns at once. */
    public void start() {
        throw new UnsupportedOperationException();
    }

    /**
     * Waits for the pipeline to end.
     *
     * @return whether it has ended within the time
     * @throws io.firn.catalog.FirnException the first failure of a worker or of the commits
     */
    public boolean await(Duration timeAllowed) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    /**
     * Stops consuming, commits what is buffered, ends. What could not be committed within the time is dropped; the next
     * start consumes it again.
     *
     * @return whether everything consumed was committed
     */
    public boolean stop(Duration timeAllowed) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    public PipelineStatus status() {
        throw new UnsupportedOperationException();
    }

    /** Ends the threads without a commit; after {@link #stop} nothing is left to do. */
    @Override
    public void close() {}
}
