package io.firn.ingest;

/** Hears of a pipeline's progress. Called by the pipeline's own threads: return soon, throw nothing. */
public interface PipelineListener {
    /** A listener that does not care. */
    PipelineListener NONE = status -> {};

    /** A commit became visible, or the state changed. */
    void progressed(PipelineStatus status);
}
