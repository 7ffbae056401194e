package io.firn.deploy.rebuild;

import io.firn.catalog.Tables;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.compaction.Budget;
import io.firn.compaction.Job;
import io.firn.compaction.JobProgress;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.backfill.BackfillParts;
import io.firn.deploy.maintain.JobFactory;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.SpanSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;

/** Rebuilds with the parts of the configured pipeline: it reads, decodes and merges as the pipeline does. */
public final class PipelineRebuild implements RebuildParts {
    private final MaintainedTable keyed;
    private final Tables tables;
    private final BackfillParts backfills;
    private final JobFactory jobs;
    private final List<KafkaSources> opened = new ArrayList<>();

    /** @param keyed the pipeline's keyed table */
    public PipelineRebuild(MaintainedTable keyed, Catalog catalog, BackfillParts backfills, JobFactory jobs) {
        this.keyed = keyed;
        this.tables = new Tables(catalog, keyed.config().classes());
        this.backfills = backfills;
        this.jobs = jobs;
    }

    @Override
    public String pipeline() {
        return keyed.pipeline();
    }

    @Override
    public Tables tables() {
        return tables;
    }

    @Override
    public UpsertRequest request() {
        return UpsertParts.of(keyed.config(), tables).orElseThrow().request();
    }

    @Override
    public SpanSource kafka() {
        KafkaSources sources = backfills.sources(keyed.pipeline(), keyed.config());
        opened.add(sources);
        return sources.spans();
    }

    @Override
    public BatchWriter writer(Table staging) {
        return backfills.writer(keyed.config(), staging);
    }

    @Override
    public Job merge(Path scratch) {
        return jobs.merge(keyed, Budget.UNLIMITED, List.of(), JobProgress.NONE, scratch);
    }

    @Override
    public void close() {
        opened.forEach(KafkaSources::close);
        opened.clear();
    }
}
