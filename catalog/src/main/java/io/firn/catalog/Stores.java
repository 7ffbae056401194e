package io.firn.catalog;

import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.Table;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.SupportsPrefixOperations;

/** Asks a store of files whether it answers and lets us in. Writes nothing. */
public final class Stores {
    /** No table has a file of this name. */
    private static final String PROBE = "/firn-check";

    private Stores() {}

    /**
     * Through the settings that the catalog gave the table.
     *
     * @throws FirnException {@code catalog-access-refused}, {@code catalog-config} or {@code catalog-unreachable}
     */
    public static void reach(Table table, Map<String, String> catalogProperties) {
        reach(table.io(), table.location(), catalogProperties);
    }

    /**
     * As the configuration names it, for tables that are not there yet; nothing is asked where the catalog decides.
     *
     * @throws FirnException as above
     */
    @SuppressWarnings("IllegalCatch") // stores and their clients throw what they like
    public static void reach(Map<String, String> catalogProperties) {
        String implementation = catalogProperties.get(CatalogProperties.FILE_IO_IMPL);
        String warehouse = catalogProperties.get(CatalogProperties.WAREHOUSE_LOCATION);
        if (implementation == null || warehouse == null || !warehouse.contains(":/")) {
            return;
        }
        FileIO opened;
        try {
            opened = CatalogUtil.loadFileIO(implementation, catalogProperties, Hadoop.configuration());
        } catch (RuntimeException | LinkageError failed) {
            throw CatalogFailures.translate(
                    failed, "the store cannot be opened", "catalog.io-impl: " + implementation, catalogProperties);
        }
        try (FileIO io = opened) {
            reach(io, warehouse, catalogProperties);
        }
    }

    @SuppressWarnings("IllegalCatch")
    private static void reach(FileIO io, String folder, Map<String, String> catalogProperties) {
        try {
            // Whether it is there matters to nobody: that there is an answer does.
            boolean ignored = io.newInputFile(folder + PROBE).exists();
            list(io, folder);
        } catch (RuntimeException failed) {
            throw CatalogFailures.translate(failed, "the store does not serve us", folder, catalogProperties);
        }
    }

    /** A store answers the question for one file alike, whether the file is missing or its whole bucket. */
    private static void list(FileIO io, String folder) {
        if (!(io instanceof SupportsPrefixOperations)) {
            return;
        }
        try {
            boolean ignored = ((SupportsPrefixOperations) io)
                    .listPrefix(folder + PROBE)
                    .iterator()
                    .hasNext();
        } catch (UncheckedIOException failed) {
            // A file system has a directory here, or not yet.
            if (!(failed.getCause() instanceof FileNotFoundException)) {
                throw failed;
            }
        }
    }
}
