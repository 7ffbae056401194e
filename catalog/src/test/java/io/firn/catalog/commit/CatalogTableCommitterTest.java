package io.firn.catalog.commit;

import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;

/** The contract over a real catalog; every test has a table of its own in it. */
abstract class CatalogTableCommitterTest extends TableCommitterContractTest {
    private final TableIdentifier identifier =
            TableIdentifier.of("shop", "t" + UUID.randomUUID().toString().substring(0, 8));
    private final FaultyTables tables = new FaultyTables(() -> catalog().loadTable(identifier));

    abstract Catalog catalog();

    @Override
    void createTable() {
        SupportsNamespaces namespaces = (SupportsNamespaces) catalog();
        if (!namespaces.namespaceExists(Namespace.of("shop"))) {
            namespaces.createNamespace(Namespace.of("shop"));
        }
        catalog().createTable(identifier, SCHEMA, UNPARTITIONED, Map.of("format-version", "2"));
    }

    @Override
    Table open() {
        return tables.open();
    }

    @Override
    Faults faults() {
        return tables;
    }
}
