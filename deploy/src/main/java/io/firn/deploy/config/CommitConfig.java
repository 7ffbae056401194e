package io.firn.deploy.config;

import io.firn.ingest.PipelineSettings;
import java.time.Duration;

/**
 * When a pipeline commits.
 *
 * @param interval time between two commits of the process
 * @param targetFileBytes size of data files at which a commit is due before the interval is over
 */
public record CommitConfig(Duration interval, long targetFileBytes) {
    public static CommitConfig defaults() {
        return new CommitConfig(PipelineSettings.DEFAULT_COMMIT_INTERVAL, PipelineSettings.DEFAULT_TARGET_FILE_BYTES);
    }
}
