package io.firn.compaction.view;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.schema.SqlDialect;
import java.util.Objects;
import java.util.Optional;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.catalog.ViewCatalog;
import org.apache.iceberg.exceptions.NoSuchViewException;
import org.apache.iceberg.view.SQLViewRepresentation;
import org.apache.iceberg.view.View;
import org.apache.iceberg.view.ViewBuilder;
import org.jspecify.annotations.Nullable;

/** The view {@code <table>_latest} in a catalog that has views. Safe to be replaced by several processes at once. */
public final class LatestView {
    /** Ending of the view's name. */
    public static final String SUFFIX = "_latest";

    private final ViewCatalog catalog;
    private final LatestTables tables;
    private final @Nullable String engineCatalog;
    private final TableIdentifier name;

    private LatestView(ViewCatalog catalog, LatestTables tables, Optional<String> engineCatalog) {
        this.catalog = catalog;
        this.tables = tables;
        this.engineCatalog = engineCatalog.orElse(null);
        this.name =
                TableIdentifier.of(tables.keyed().namespace(), tables.keyed().name() + SUFFIX);
    }

    /**
     * @param engineCatalog the name by which the engines know this catalog: Trino wants it in the view, and Spark then
     *     too goes by it; empty: only Spark can query the view, by whatever name it knows the catalog
     * @return empty where the catalog has no views; then {@link LatestSql} is for people to run
     */
    public static Optional<LatestView> in(Catalog catalog, LatestTables tables, Optional<String> engineCatalog) {
        return catalog instanceof ViewCatalog
                ? Optional.of(new LatestView((ViewCatalog) catalog, tables, engineCatalog))
                : Optional.empty();
    }

    /**
     * Makes the view say what the ledger asks for; nothing happens where it does already.
     *
     * @param merged the ledger of the keyed table
     * @return whether the view was changed
     * @throws UnsupportedOperationException where this catalog, as configured, has no views after all
     */
    public boolean follow(Ledger merged) {
        LatestSql trino = new LatestSql(tables, merged, SqlDialect.TRINO);
        String query = trino.query();
        if (current().filter(query::equals).isPresent()) {
            return false;
        }
        ViewBuilder view = catalog.buildView(name);
        if (engineCatalog != null) {
            view.withDefaultCatalog(engineCatalog);
        }
        view.withSchema(trino.schema())
                .withDefaultNamespace(tables.keyed().namespace())
                .withQuery(SqlDialect.TRINO.viewName(), query)
                .withQuery(SqlDialect.SPARK.viewName(), new LatestSql(tables, merged, SqlDialect.SPARK).query());
        view.createOrReplace();
        return true;
    }

    private Optional<String> current() {
        try {
            View view = catalog.loadView(name);
            if (!Objects.equals(view.currentVersion().defaultCatalog(), engineCatalog)) {
                return Optional.empty();
            }
            return Optional.ofNullable(view.sqlFor(SqlDialect.TRINO.viewName())).map(SQLViewRepresentation::sql);
        } catch (NoSuchViewException e) {
            return Optional.empty();
        }
    }
}
