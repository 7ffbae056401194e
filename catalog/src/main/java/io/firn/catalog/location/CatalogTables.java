package io.firn.catalog.location;

import io.firn.catalog.Tables;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.ForbiddenException;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NotAuthorizedException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables of an Iceberg catalog. What was read of a table is used for {@link #FRESH}. Safe for use by several
 * threads.
 *
 * <p>A process that may not list a namespace or read a table does not see it; the other proofs of {@link DeletionGuard}
 * then have to do.
 */
public final class CatalogTables implements RegisteredTables {
    /** No file younger than that is ever deleted, so a table that moved since has nothing there that is. */
    static final Duration FRESH = Duration.ofMinutes(30);

    /** Bounds memory and time. Tables of the same namespace come first. */
    private static final int MAX_TABLES = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(CatalogTables.class);

    private final Catalog catalog;
    private final Clock clock;
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();
    private final Map<String, TableIdentifier> identifiers = new ConcurrentHashMap<>();

    private record Seen(Optional<TableRoots> roots, Instant at) {}

    public CatalogTables(Catalog catalog, Clock clock) {
        this.catalog = catalog;
        this.clock = clock;
    }

    @Override
    public List<String> besides(String table) {
        return besides(Tables.identifier(table));
    }

    /** As {@link #besides(String)}, for a table whose name may hold dots. */
    List<String> besides(TableIdentifier self) {
        Map<String, TableIdentifier> found = new LinkedHashMap<>();
        addTables(self.namespace(), found);
        if (catalog instanceof SupportsNamespaces) {
            addNamespaces((SupportsNamespaces) catalog, Namespace.empty(), found);
        }
        found.remove(self.toString());
        seen.keySet().retainAll(found.keySet());
        identifiers.keySet().retainAll(found.keySet());
        identifiers.putAll(found);
        List<String> names = new ArrayList<>(found.keySet());
        if (names.size() > MAX_TABLES) {
            LOG.warn("The catalog has more than {} tables; the rest is not looked at", MAX_TABLES);
            return List.copyOf(names.subList(0, MAX_TABLES));
        }
        return List.copyOf(names);
    }

    private void addNamespaces(SupportsNamespaces namespaces, Namespace parent, Map<String, TableIdentifier> found) {
        List<Namespace> children;
        try {
            children = parent.isEmpty() ? namespaces.listNamespaces() : namespaces.listNamespaces(parent);
        } catch (NoSuchNamespaceException | ForbiddenException | NotAuthorizedException unseen) {
            LOG.debug("the namespaces of {} cannot be listed", parent, unseen);
            return;
        }
        for (Namespace child : children) {
            addTables(child, found);
            if (child.length() > parent.length()) {
                addNamespaces(namespaces, child, found);
            }
        }
    }

    private void addTables(Namespace namespace, Map<String, TableIdentifier> found) {
        try {
            catalog.listTables(namespace).forEach(table -> found.put(table.toString(), table));
        } catch (NoSuchNamespaceException | ForbiddenException | NotAuthorizedException unseen) {
            LOG.debug("the tables of {} cannot be listed", namespace, unseen);
        }
    }

    @Override
    public Optional<TableRoots> roots(String name) {
        Instant now = clock.instant();
        Seen known = seen.get(name);
        if (known == null || known.at().plus(FRESH).isBefore(now)) {
            known = new Seen(read(name), now);
            seen.put(name, known);
        }
        return known.roots();
    }

    private Optional<TableRoots> read(String name) {
        try {
            TableIdentifier listed = identifiers.get(name);
            Table table = catalog.loadTable(listed == null ? TableIdentifier.parse(name) : listed);
            return table instanceof HasTableOperations
                    ? Optional.of(TableRoots.of(
                            ((HasTableOperations) table).operations().current()))
                    : Optional.empty();
        } catch (NoSuchTableException | NotFoundException | ForbiddenException | NotAuthorizedException unseen) {
            LOG.debug("table {} cannot be read", name, unseen);
            return Optional.empty();
        }
    }
}
