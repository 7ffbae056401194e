package io.firn.catalog.commit;

import java.util.List;
import java.util.Map;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;

/**
 * A catalog that fails, with its tables, from the n-th call of {@link FaultyTable} on. Creating and dropping are two
 * calls each, as a commit is.
 */
public final class FaultyCatalog implements Catalog {
    private final Catalog catalog;
    private final FaultyTable calls;

    public FaultyCatalog(Catalog catalog, FaultyTable calls) {
        this.catalog = catalog;
        this.calls = calls;
    }

    @Override
    public String name() {
        return catalog.name();
    }

    @Override
    public Table loadTable(TableIdentifier name) {
        calls.step("load");
        return calls.wrap(catalog.loadTable(name));
    }

    @Override
    public List<TableIdentifier> listTables(Namespace namespace) {
        calls.step("list");
        return catalog.listTables(namespace);
    }

    @Override
    public boolean dropTable(TableIdentifier name, boolean purge) {
        calls.step("drop");
        boolean dropped = catalog.dropTable(name, purge);
        calls.step("answer");
        return dropped;
    }

    @Override
    public void renameTable(TableIdentifier from, TableIdentifier to) {
        throw new UnsupportedOperationException("nobody renames tables");
    }

    @Override
    public TableBuilder buildTable(TableIdentifier name, Schema schema) {
        return new Builder(catalog.buildTable(name, schema));
    }

    private final class Builder implements TableBuilder {
        private final TableBuilder table;

        Builder(TableBuilder table) {
            this.table = table;
        }

        @Override
        public TableBuilder withPartitionSpec(PartitionSpec spec) {
            return new Builder(table.withPartitionSpec(spec));
        }

        @Override
        public TableBuilder withSortOrder(SortOrder order) {
            return new Builder(table.withSortOrder(order));
        }

        @Override
        public TableBuilder withLocation(String location) {
            return new Builder(table.withLocation(location));
        }

        @Override
        public TableBuilder withProperties(Map<String, String> properties) {
            return new Builder(table.withProperties(properties));
        }

        @Override
        public TableBuilder withProperty(String key, String value) {
            return new Builder(table.withProperty(key, value));
        }

        @Override
        public Table create() {
            calls.step("create");
            Table created = table.create();
            calls.step("answer");
            return calls.wrap(created);
        }

        @Override
        public Transaction createTransaction() {
            calls.step("stage");
            return table.createTransaction();
        }

        @Override
        public Transaction replaceTransaction() {
            throw new UnsupportedOperationException("nobody replaces tables");
        }

        @Override
        public Transaction createOrReplaceTransaction() {
            throw new UnsupportedOperationException("nobody replaces tables");
        }
    }
}
