package io.firn.deploy.rebuild;

import io.firn.catalog.Tables;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.compaction.Job;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.SpanSource;
import java.nio.file.Path;
import org.apache.iceberg.Table;

/** What the rebuild of a configured pipeline's table works with. */
public interface RebuildParts extends AutoCloseable {
    /** Name of the pipeline. */
    String pipeline();

    Tables tables();

    /** What is asked of the set's tables. */
    UpsertRequest request();

    /** Returns Kafka; the caller closes it. */
    SpanSource kafka();

    /** Returns a writer for the staging table as it is now. */
    BatchWriter writer(Table staging);

    /**
     * Returns a run of the merge.
     *
     * @param scratch an existing directory of this run alone
     */
    Job merge(Path scratch);

    /** Lets go of Kafka. */
    @Override
    void close();
}
