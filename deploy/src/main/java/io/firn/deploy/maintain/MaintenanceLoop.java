package io.firn.deploy.maintain;

import io.firn.deploy.PipelineStates;
import io.firn.deploy.config.PipelineConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.iceberg.catalog.Catalog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what the tables of a process need: merges, and everything else beside them, so that no rewrite holds up the
 * merges of other tables. Owns no thread; each turn does a piece of work of either. At most one job a table at a time.
 *
 * <p>Knows nothing of ingestion, which waits for it at most while a commit is tried; what they have in common is the
 * tables, where the commit decides.
 */
public final class MaintenanceLoop {
    private static final Logger LOG = LoggerFactory.getLogger(MaintenanceLoop.class);

    private final Catalog catalog;
    private final Map<String, Boolean> views = new HashMap<>();
    private final Lane merges;
    private final Lane rest;

    /**
     * @param jobs builds them, and keeps what was seen
     * @param states of the pipelines: tables that were never opened are left alone, failures are reported
     * @param randoms a new source of randomness for each who needs one
     */
    public MaintenanceLoop(
            Map<String, PipelineConfig> pipelines,
            Catalog catalog,
            JobFactory jobs,
            PipelineStates states,
            Clock clock,
            Supplier<? extends RandomGenerator> randoms) {
        this.catalog = catalog;
        Instant now = clock.instant();
        List<Target> merging = new ArrayList<>();
        List<Target> kept = new ArrayList<>();
        for (MaintainedTable table : MaintainedTable.of(pipelines)) {
            if (table.role() == MaintainedTable.Role.KEYED) {
                merging.add(Target.merges(table, now));
            }
            if (table.config().maintenance().enabled()) {
                kept.add(Target.maintenance(table, now));
            }
        }
        this.merges = new Lane(merging, jobs, states, clock, randoms.get(), this::followView);
        this.rest = new Lane(kept, jobs, states, clock, randoms.get(), merged -> {});
    }

    /** @return how long to wait before the next turn, zero for not at all */
    public Duration turn() {
        Duration first =
                merges.turn(name -> rest.busyWith().filter(name::equals).isPresent());
        Duration second =
                rest.turn(name -> merges.busyWith().filter(name::equals).isPresent());
        return first.compareTo(second) < 0 ? first : second;
    }

    /** Ends what is under way; to be called between turns. */
    public void stop() {
        merges.stop();
        rest.stop();
    }

    private void followView(MaintainedTable table) {
        if (Boolean.FALSE.equals(views.get(table.name()))) {
            return;
        }
        Optional<LatestRows> latest = LatestRows.of(catalog, table.config());
        boolean followed = latest.map(LatestRows::follow).orElse(false);
        if (!followed && latest.isPresent()) {
            LOG.info("The catalog has no views: 'firn check' prints the query for the latest rows of {}", table.name());
        }
        views.put(table.name(), followed);
    }
}
