package io.firn.catalog.location;

import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.BadRequestException;
import org.apache.iceberg.exceptions.ForbiddenException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.apache.iceberg.util.LocationUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the location of a new table, so that no other table ever shares it: not one that had the name before and was
 * renamed or dropped without its files.
 *
 * <p>A catalog whose locations are named after the table alone gets the table's name and eight digits of its UUID. The
 * choice of any other catalog is kept if nothing is there yet.
 */
public final class NewTableLocation {
    private static final Logger LOG = LoggerFactory.getLogger(NewTableLocation.class);
    private static final int UUID_DIGITS = 8;

    private NewTableLocation() {}

    /**
     * Creates a table in a location of its own, and writes the location down in {@link RememberedLocations#KEY}.
     *
     * @param table returns a new builder of the table, without a location
     * @param check throws if the table must not be created as the catalog would create it, with the catalog's own
     *     properties; not called if the catalog stages no creation
     * @throws AlreadyExistsException if the table exists by now
     */
    public static Table create(TableIdentifier name, Supplier<Catalog.TableBuilder> table, Consumer<Table> check) {
        Optional<Table> staged = staged(name, table.get());
        staged.ifPresent(check);
        Optional<String> location = staged.map(each -> choose(name, each));
        if (location.isEmpty()) {
            return table.get().create();
        }
        try {
            return placed(table.get(), location.get())
                    .withProperty(RememberedLocations.KEY, RememberedLocations.text(List.of(location.get())))
                    .create();
        } catch (BadRequestException | ForbiddenException e) {
            LOG.info("{}: the catalog decides where the table goes: {}", name, String.valueOf(e.getMessage()));
            return table.get().create();
        }
    }

    private static Catalog.TableBuilder placed(Catalog.TableBuilder table, String location) {
        try {
            return table.withLocation(location);
        } catch (IllegalArgumentException oneLocationPerName) {
            throw new BadRequestException(oneLocationPerName, "%s", oneLocationPerName.getMessage());
        }
    }

    /** Empty if the catalog has to decide: it does not stage a creation. */
    @SuppressWarnings("IllegalCatch") // catalogs throw what they like; if it matters, the creation itself fails too
    private static Optional<Table> staged(TableIdentifier name, Catalog.TableBuilder table) {
        try {
            return Optional.of(table.createTransaction().table());
        } catch (AlreadyExistsException e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.debug("{}: the catalog stages no creation; it decides where the table goes", name, e);
            return Optional.empty();
        }
    }

    private static String choose(TableIdentifier name, Table staged) {
        String location = LocationUtil.stripTrailingSlash(staged.location());
        String last = location.substring(location.lastIndexOf('/') + 1);
        boolean byNameAlone = last.equalsIgnoreCase(name.name());
        if (!byNameAlone && isFree(location, staged.io())) {
            return location;
        }
        String uuid = ((HasTableOperations) staged).operations().current().uuid();
        return location + "-" + uuid.replace("-", "").substring(0, UUID_DIGITS);
    }

    /** A store that cannot list its files counts as empty. */
    private static boolean isFree(String location, FileIO io) {
        if (!(io instanceof SupportsPrefixOperations)) {
            return true;
        }
        try {
            return !((SupportsPrefixOperations) io)
                    .listPrefix(location + "/")
                    .iterator()
                    .hasNext();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof FileNotFoundException) {
                return true;
            }
            throw e;
        }
    }
}
