package io.firn.catalog;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.Table;

/** What tables that belong together ask of those that exist, beside what their requests say. */
public interface TableRules {
    /** Asks nothing more. */
    TableRules NONE = new TableRules() {};

    /**
     * Returns optional columns of the requests' schemas that a table of an older Firn may lack: they are added, with
     * their share of the properties, to a table that has all the others.
     */
    default Set<String> younger() {
        return Set.of();
    }

    /** Returns what is asked of a table that exists. */
    default TableRequest adapted(Table existing, TableRequest asked) {
        return asked;
    }

    /** Returns another reason for which the table cannot be taken. */
    default Optional<FirnException> refusal(Table existing, TableRequest asked) {
        return Optional.empty();
    }

    /**
     * Returns why the tables together cannot be taken.
     *
     * @param tables in the order of the requests, empty where there is none
     */
    default Optional<FirnException> refusal(List<Optional<Table>> tables) {
        return Optional.empty();
    }
}
