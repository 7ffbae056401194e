package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.backfill.BackfillFigures;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.TableFigures;
import io.firn.deploy.output.Secrets;
import io.firn.deploy.watch.TableHead;
import io.firn.ingest.PipelineStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.Table;

/** What the HTTP interface shows and asks things of. For any thread. */
public interface Running {
    /** What is known of every pipeline now; cheap. */
    List<PipelineStatus> pipelines();

    /**
     * Stops reading from Kafka; what was read is still committed. Lasts until {@link #resume} or the end of the
     * process.
     *
     * @throws FirnException {@code pipeline-unknown}
     */
    void pause(String pipeline);

    /** @throws FirnException {@code pipeline-unknown} */
    void resume(String pipeline);

    /**
     * Ends the pipeline's run, if there is one, and starts it again; also after it has failed. Returns at once.
     *
     * @throws FirnException {@code pipeline-unknown}
     */
    void restart(String pipeline);

    /** What it works with, though somebody should look; empty where there is nothing. */
    default List<String> warnings() {
        return List.of();
    }

    /** The tables that its pipelines write. */
    default List<MaintainedTable> tables() {
        return List.of();
    }

    /** What the tables' heads said when they were last read, by table; those that were never read are missing. */
    default Map<String, TableHead> tableHeads() {
        return Map.of();
    }

    /** What maintenance has seen of them, by table; those it has not looked at are missing. */
    default Map<String, TableFigures.Seen> tableFigures() {
        return Map.of();
    }

    /** The last audit of each pipeline that came to an end, by pipeline. */
    default Map<String, JobRecord> lastAudits() {
        return Map.of();
    }

    /** What this process has seen of its tables' backfills. */
    default BackfillFigures backfillFigures() {
        return new BackfillFigures();
    }

    /**
     * How long Kafka keeps the records of topics; those that it keeps for ever, or of which it is not known, are
     * missing.
     */
    default Map<String, Duration> retentions() {
        return Map.of();
    }

    /** What answers must not show. */
    default Secrets secrets() {
        return new Secrets();
    }

    /** What else it can be asked. */
    default List<Route> routes() {
        return List.of();
    }

    /** The catalog for query engines, where the configuration wants it served. */
    default Optional<IcebergRest> iceberg() {
        return Optional.empty();
    }

    /**
     * A table of the configuration.
     *
     * @throws FirnException {@code table-missing}, or of kind external where the catalog does not answer
     */
    Table table(String name);
}
