package io.firn.catalog.location;

import java.util.List;
import java.util.Optional;

/** The tables of a catalog, as far as they can be listed. */
public interface RegisteredTables {
    /** Nothing is known of other tables. */
    RegisteredTables NONE = new RegisteredTables() {
        @Override
        public List<String> besides(String table) {
            return List.of();
        }

        @Override
        public Optional<TableRoots> roots(String name) {
            return Optional.empty();
        }
    };

    /** Returns the names of all tables but one. */
    List<String> besides(String table);

    /**
     * Returns where a table keeps its files.
     *
     * @return empty if it was dropped meanwhile or cannot be read
     */
    Optional<TableRoots> roots(String name);
}
