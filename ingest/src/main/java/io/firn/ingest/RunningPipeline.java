package io.firn.ingest;

import io.firn.catalog.FirnException;
import java.time.Duration;

/** One run of a pipeline in this process, from its start to its end. It is not started twice. */
public interface RunningPipeline extends AutoCloseable {
    /** Starts the threads and returns at once. */
    void start();

    /**
     * Waits for the pipeline to end.
     *
     * @return whether it has ended within the time
     * @throws FirnException the first failure of a worker or of the commits
     */
    boolean await(Duration timeAllowed) throws InterruptedException;

    /**
     * Stops consuming, commits what is buffered, ends. What could not be committed within the time is dropped; the next
     * start consumes it again.
     *
     * @return whether everything consumed was committed
     */
    boolean stop(Duration timeAllowed) throws InterruptedException;

    /** Pauses reading from Kafka or resumes it; see {@link PipelineRunner#pause}. */
    void pause(boolean wanted);

    /** Returns what is known now; cheap, for any thread. */
    PipelineStatus status();

    /** Ends the threads without a commit; after {@link #stop} nothing is left to do. */
    @Override
    void close();
}
