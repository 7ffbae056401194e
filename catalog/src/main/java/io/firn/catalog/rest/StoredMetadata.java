package io.firn.catalog.rest;

import io.firn.catalog.location.TableRoots;
import java.util.List;
import java.util.function.Supplier;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.catalog.ViewCatalog;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NoSuchViewException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.view.ViewMetadata;
import org.apache.iceberg.view.ViewMetadataParser;

/** Reads metadata that is stored, so that nothing of a file gets into an error that a caller sees. */
final class StoredMetadata {
    private static final int BAD_REQUEST = 400;
    private static final int INTERNAL = 500;

    private final Catalog catalog;

    StoredMetadata(Catalog catalog) {
        this.catalog = catalog;
    }

    /**
     * Returns the directories of an existing table.
     *
     * @return empty if there is no such table
     */
    List<String> tableLocations(TableIdentifier name) {
        try {
            Table table = existing(() -> catalog.loadTable(name));
            return table instanceof HasTableOperations
                    ? TableRoots.of(((HasTableOperations) table).operations().current())
                            .locations()
                    : List.of(table.location());
        } catch (NoSuchTableException absent) {
            return List.of();
        }
    }

    /**
     * Returns the directory of an existing view.
     *
     * @return empty if there is no such view
     */
    List<String> viewLocations(ViewCatalog views, TableIdentifier name) {
        try {
            return List.of(existing(() -> views.loadView(name)).location());
        } catch (NoSuchViewException absent) {
            return List.of();
        }
    }

    /** Returns where the catalog itself would put a table of that name. */
    String chosenLocation(TableIdentifier name) {
        return existing(() -> staged(name).location());
    }

    /** Reads a file that is to become a table. */
    TableMetadata table(TableIdentifier name, String location) {
        FileIO io = io(name);
        return named(() -> TableMetadataParser.read(io, location));
    }

    /** Reads a file that is to become a view. */
    ViewMetadata view(TableIdentifier name, String location) {
        FileIO io = io(name);
        return named(() -> ViewMetadataParser.read(io.newInputFile(location)));
    }

    private FileIO io(TableIdentifier name) {
        return existing(() -> {
            try {
                return staged(name).io();
            } catch (AlreadyExistsException present) {
                return catalog.loadTable(name).io();
            }
        });
    }

    private Table staged(TableIdentifier name) {
        return catalog.buildTable(name, new Schema()).createTransaction().table();
    }

    private static <T> T existing(Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException | ValidationException broken) {
            throw new StoredMetadataException(INTERNAL, "the stored metadata cannot be read", broken);
        }
    }

    @SuppressWarnings("IllegalCatch") // stores throw what they like, and some quote what they were answered
    private static <T> T named(Supplier<T> read) {
        try {
            return read.get();
        } catch (RuntimeException unreadable) {
            throw new StoredMetadataException(
                    BAD_REQUEST, "the metadata file is missing or is no metadata of that kind", unreadable);
        }
    }
}
