package io.firn.catalog;

import java.util.Map;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.catalog.Catalog;

/** Passes everything on; a test overrides what its catalog does differently. */
class DelegatingTableBuilder implements Catalog.TableBuilder {
    private final Catalog.TableBuilder builder;

    DelegatingTableBuilder(Catalog.TableBuilder builder) {
        this.builder = builder;
    }

    @Override
    public Catalog.TableBuilder withPartitionSpec(PartitionSpec spec) {
        builder.withPartitionSpec(spec);
        return this;
    }

    @Override
    public Catalog.TableBuilder withSortOrder(SortOrder order) {
        builder.withSortOrder(order);
        return this;
    }

    @Override
    public Catalog.TableBuilder withLocation(String location) {
        builder.withLocation(location);
        return this;
    }

    @Override
    public Catalog.TableBuilder withProperties(Map<String, String> properties) {
        builder.withProperties(properties);
        return this;
    }

    @Override
    public Catalog.TableBuilder withProperty(String key, String value) {
        builder.withProperty(key, value);
        return this;
    }

    @Override
    public Table create() {
        return builder.create();
    }

    @Override
    public Transaction createTransaction() {
        return builder.createTransaction();
    }

    @Override
    public Transaction replaceTransaction() {
        return builder.replaceTransaction();
    }

    @Override
    public Transaction createOrReplaceTransaction() {
        return builder.createOrReplaceTransaction();
    }
}
