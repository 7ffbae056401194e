package io.firn.deploy.backfill;

import io.firn.catalog.commit.CommitTurn;
import io.firn.deploy.config.PipelineConfig;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.record.BatchWriter;
import org.apache.iceberg.Table;

/** What backfills of configured pipelines are made of. */
public interface BackfillParts {
    /**
     * A handle of its own on the table that the pipeline ingests to.
     *
     * @throws io.firn.catalog.FirnException {@code table-missing}, or of kind external
     */
    Table table(PipelineConfig pipeline);

    /** Shared with the others of this process that commit to the table. */
    CommitTurn turn(Table table);

    /** To be closed. */
    KafkaSources sources(String name, PipelineConfig pipeline);

    /** A writer for the table as it is now. */
    BatchWriter writer(PipelineConfig pipeline, Table table);
}
