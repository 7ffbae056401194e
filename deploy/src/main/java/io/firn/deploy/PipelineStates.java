package io.firn.deploy;

import io.firn.ingest.record.PipelineHealth;

/** What the parts of a process that work beside ingestion need to know about its pipelines. For any thread. */
public interface PipelineStates {
    /**
     * Whether the pipeline's tables were opened at least once by this process. Before that they may not exist, or not
     * fit their configuration.
     */
    boolean hasOpened(String pipeline);

    /** Returns where to report what does not work for the pipeline, beside its ingestion. */
    PipelineHealth health(String pipeline);

    /** Returns one for callers that work on tables without a running service: all are open, nobody looks at health. */
    static PipelineStates none() {
        PipelineHealth nobodyLooks = PipelineHealth.unwatched();
        return new PipelineStates() {
            @Override
            public boolean hasOpened(String pipeline) {
                return true;
            }

            @Override
            public PipelineHealth health(String pipeline) {
                return nobodyLooks;
            }
        };
    }
}
