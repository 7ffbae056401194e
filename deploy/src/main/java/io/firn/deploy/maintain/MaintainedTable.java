package io.firn.deploy.maintain;

import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.plan.JobKind;
import io.firn.deploy.config.PipelineConfig;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A table of a pipeline, as far as jobs are concerned.
 *
 * @param name namespace and name
 * @param pipeline that writes it
 */
public record MaintainedTable(String name, String pipeline, PipelineConfig config, Role role) {
    /** What the table is to its pipeline. */
    public enum Role {
        APPENDED,
        KEYED,
        /** Its files go once they are merged: rewriting them before would be for nothing. */
        STAGING,
        DELETES;

        /** Those that the service runs. */
        public Set<JobKind> jobs() {
            EnumSet<JobKind> jobs = EnumSet.of(JobKind.MANIFESTS, JobKind.EXPIRE, JobKind.ORPHANS, JobKind.METADATA);
            switch (this) {
                case APPENDED, DELETES -> jobs.add(JobKind.REWRITE);
                case KEYED -> jobs.addAll(List.of(JobKind.MERGE, JobKind.REWRITE));
                case STAGING -> jobs.add(JobKind.STAGING);
            }
            return jobs;
        }
    }

    /** All tables of all pipelines. */
    public static List<MaintainedTable> of(Map<String, PipelineConfig> pipelines) {
        List<MaintainedTable> tables = new ArrayList<>();
        pipelines.forEach((pipeline, config) -> {
            String name = config.table();
            if (config.upsert().isEmpty()) {
                tables.add(new MaintainedTable(name, pipeline, config, Role.APPENDED));
            } else {
                tables.add(new MaintainedTable(name, pipeline, config, Role.KEYED));
                tables.add(new MaintainedTable(UpsertTables.stagingName(name), pipeline, config, Role.STAGING));
                tables.add(new MaintainedTable(UpsertTables.deletesName(name), pipeline, config, Role.DELETES));
            }
        });
        return List.copyOf(tables);
    }

    /** @return empty where no pipeline writes a table of that name */
    public static Optional<MaintainedTable> named(String name, Map<String, PipelineConfig> pipelines) {
        return of(pipelines).stream().filter(table -> table.name().equals(name)).findFirst();
    }
}
