package io.firn.deploy.check;

import io.firn.catalog.FirnException;
import io.firn.catalog.StoreWriteProbe;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.apache.iceberg.Table;

/** Writes, reads and deletes a small file where the pipelines' tables are or will be, if that was not ruled out. */
final class WriteCheck {
    private final Map<String, String> catalog;
    private final StoreWrites writes;
    private final BiConsumer<String, FirnException> problems;
    private final SortedSet<String> proven = new TreeSet<>();
    private final SortedSet<String> notLookedAt = new TreeSet<>();
    private boolean inWarehouse;

    /** @param problems receives the key in the configuration and what failed there */
    WriteCheck(Map<String, String> catalog, StoreWrites writes, BiConsumer<String, FirnException> problems) {
        this.catalog = catalog;
        this.writes = writes;
        this.problems = problems;
        if (writes == StoreWrites.NOT_TRIED) {
            notLookedAt.add("whether files can be written, read and deleted in the store (--no-write)");
        }
    }

    /** @param key of the pipeline's table in the configuration */
    void table(String key, Table table) {
        if (writes == StoreWrites.NOT_TRIED) {
            return;
        }
        try {
            proven.add(StoreWriteProbe.run(table, catalog));
        } catch (FirnException failed) {
            problems.accept(key, failed);
        }
    }

    /** For a table that is not there yet; once for all of them. */
    void newTable(String name) {
        if (writes == StoreWrites.NOT_TRIED || inWarehouse) {
            return;
        }
        try {
            Optional<String> location = StoreWriteProbe.runInWarehouse(catalog);
            location.ifPresentOrElse(
                    proven::add,
                    () -> notLookedAt.add("whether files of the new table " + name
                            + " can be written: the catalog decides where it is"));
            inWarehouse = location.isPresent();
        } catch (FirnException failed) {
            inWarehouse = true;
            problems.accept("catalog.warehouse", failed);
        }
    }

    /** Locations below which a file was written, read and deleted. */
    SortedSet<String> proven() {
        return proven;
    }

    /** What was left out, a phrase each. */
    SortedSet<String> notLookedAt() {
        return notLookedAt;
    }
}
