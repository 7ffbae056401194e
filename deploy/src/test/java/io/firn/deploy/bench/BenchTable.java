package io.firn.deploy.bench;

import io.firn.deploy.rig.Lake;
import java.io.IOException;
import java.util.BitSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.io.CloseableIterable;
import org.jspecify.annotations.Nullable;

/** The table that a contender fills, watched without code of any contender's. */
final class BenchTable {
    private static final TableIdentifier NAME = TableIdentifier.of(Run.NAMESPACE, Run.TABLE);

    private final Catalog catalog;
    private @Nullable Table table;

    private BenchTable(Catalog catalog) {
        this.catalog = catalog;
    }

    static BenchTable in(Lake lake) {
        return new BenchTable(CatalogUtil.buildIcebergCatalog("firn", lake.properties(), new Configuration()));
    }

    /** For contenders that take a table as it is: unpartitioned, all else by default. */
    void create(Shape shape) {
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of(Run.NAMESPACE));
        catalog.createTable(NAME, shape.schema(), PartitionSpec.unpartitioned());
    }

    /** Rows of the newest snapshot; 0 where there is no table yet. */
    long rows() {
        return summary("total-records");
    }

    long files() {
        return summary("total-data-files");
    }

    long snapshots() {
        long count = 0;
        for (Snapshot ignored : required().snapshots()) {
            count++;
        }
        return count;
    }

    private long summary(String key) {
        Table known = table;
        if (known == null) {
            try {
                known = catalog.loadTable(NAME);
            } catch (NoSuchTableException notYet) {
                return 0;
            }
            table = known;
        } else {
            known.refresh();
        }
        Snapshot head = known.currentSnapshot();
        return head == null ? 0 : Long.parseLong(head.summary().getOrDefault(key, "0"));
    }

    private Table required() {
        Table known = table;
        if (known == null) {
            throw new IllegalStateException("no table yet");
        }
        return known;
    }

    /** Reads {@code seq} of every row: each of 0 to {@code records} must be there once. */
    void requireEachOnce(long records) throws IOException {
        BitSet seen = new BitSet(Math.toIntExact(records));
        long doubled = 0;
        long foreign = 0;
        try (CloseableIterable<Record> rows =
                IcebergGenerics.read(required()).select("seq").build()) {
            for (Record row : rows) {
                long seq = (Long) row.getField("seq");
                if (seq < 0 || seq >= records) {
                    foreign++;
                } else if (seen.get((int) seq)) {
                    doubled++;
                } else {
                    seen.set((int) seq);
                }
            }
        }
        long missing = records - seen.cardinality();
        if (doubled + missing + foreign > 0) {
            throw new IllegalStateException(
                    "wrong rows: " + missing + " missing, " + doubled + " doubled, " + foreign + " that nobody sent");
        }
    }
}
