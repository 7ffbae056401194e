package io.firn.ingest;

import io.firn.catalog.FirnException;

/** Explains whatever ended a pipeline. */
public final class PipelineFailures {
    private PipelineFailures() {}

    /** Returns the failure itself if Firn threw it, and otherwise one that says what happened in which pipeline. */
    public static FirnException explained(String pipeline, Throwable thrown) {
        if (thrown instanceof FirnException) {
            return (FirnException) thrown;
        }
        if (thrown instanceof OutOfMemoryError) {
            return new FirnException(
                    "out-of-memory",
                    FirnException.Kind.INTERNAL,
                    "the process has no memory left: " + thrown.getMessage(),
                    "pipeline " + pipeline,
                    "give the process more heap (FIRN_HEAP_OPTS) or set 'memory' lower; records may be larger than"
                            + " expected",
                    thrown);
        }
        return new FirnException(
                "pipeline-failed",
                FirnException.Kind.INTERNAL,
                "unexpected failure: " + thrown,
                "pipeline " + pipeline,
                "please report this with the log around it",
                thrown);
    }
}
