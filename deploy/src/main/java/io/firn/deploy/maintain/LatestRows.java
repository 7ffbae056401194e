package io.firn.deploy.maintain;

import io.firn.catalog.Tables;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.schema.SqlDialect;
import io.firn.compaction.view.LatestSql;
import io.firn.compaction.view.LatestTables;
import io.firn.compaction.view.LatestView;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.config.UpsertConfig;
import java.util.Optional;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.ViewCatalog;

/** The freshest rows of a keyed table: as a view where the catalog has views, as a query otherwise. */
public final class LatestRows {
    private final Catalog catalog;
    private final LatestTables tables;
    private final Table keyed;
    private final Optional<String> engineCatalog;

    private LatestRows(Catalog catalog, LatestTables tables, Table keyed, Optional<String> engineCatalog) {
        this.catalog = catalog;
        this.tables = tables;
        this.keyed = keyed;
        this.engineCatalog = engineCatalog;
    }

    /** @return empty for a pipeline that only appends, or whose keyed table is not there yet */
    public static Optional<LatestRows> of(Catalog catalog, PipelineConfig pipeline) {
        Tables opened = new Tables(catalog, pipeline.classes());
        return UpsertParts.of(pipeline, opened).flatMap(parts -> opened.open(pipeline.table())
                .map(keyed -> new LatestRows(
                        catalog,
                        parts.latest(keyed.schema()),
                        keyed,
                        pipeline.upsert().flatMap(UpsertConfig::viewCatalog))));
    }

    /**
     * Makes the view say what the keyed table's ledger asks for.
     *
     * @return whether there is a view now: not every catalog has views
     */
    public boolean follow() {
        Optional<LatestView> view = LatestView.in(catalog, tables, engineCatalog);
        if (view.isEmpty()) {
            return false;
        }
        try {
            view.get().follow(merged());
            return true;
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }

    /** Whether the catalog has views, as far as can be seen without making one. */
    public boolean hasViews() {
        if (LatestView.in(catalog, tables, engineCatalog).isEmpty()) {
            return false;
        }
        try {
            return ((ViewCatalog) catalog).listViews(tables.keyed().namespace()) != null;
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }

    /** What the view says, or would say. */
    public String sql(SqlDialect dialect) {
        return new LatestSql(tables, merged(), dialect).query();
    }

    /** Namespace and name. */
    public String viewName() {
        return tables.keyed() + LatestView.SUFFIX;
    }

    private Ledger merged() {
        keyed.refresh();
        LedgerState state = LedgerReader.read(keyed);
        return state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
    }
}
