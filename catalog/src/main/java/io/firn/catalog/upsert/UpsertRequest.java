package io.firn.catalog.upsert;

import io.firn.catalog.TableRequest;
import io.firn.catalog.commit.MissingLedger;
import java.util.List;
import java.util.Map;

/**
 * The tables that an upsert pipeline writes to.
 *
 * @param identifier of the keyed table, as {@code shop.orders}; the others are named after it
 * @param partitionBy of the keyed table, empty for {@link UpsertLayout#defaultPartitioning}; counts only where the
 *     table is created
 * @param properties table properties of all three, over Firn's defaults; count only where a table is created
 * @param missingLedger what to do about a keyed table that has rows and no ledger
 * @param settings by which records become rows
 */
public record UpsertRequest(
        String identifier,
        UpsertLayout layout,
        List<String> partitionBy,
        Map<String, String> properties,
        MissingLedger missingLedger,
        RowSettings settings) {
    public UpsertRequest {
        partitionBy = List.copyOf(partitionBy);
        properties = Map.copyOf(properties);
    }

    /** Of the keyed table, where it is created. */
    public List<String> partitioning() {
        return partitionBy.isEmpty() ? layout.defaultPartitioning() : partitionBy;
    }

    /** What is asked of each table: keyed, deletes, staging. */
    public List<TableRequest> tables() {
        return List.of(
                UpsertTables.asked(this, identifier, layout.keyed(), partitioning()),
                UpsertTables.asked(this, UpsertTables.deletesName(identifier), layout.deletes(), List.of()),
                UpsertTables.asked(this, UpsertTables.stagingName(identifier), layout.staging(), List.of()));
    }

    public UpsertRequest withSettings(RowSettings other) {
        return new UpsertRequest(identifier, layout, partitionBy, properties, missingLedger, other);
    }

    /** Everything as it is by default. */
    public static UpsertRequest of(String identifier, UpsertLayout layout) {
        return new UpsertRequest(identifier, layout, List.of(), Map.of(), MissingLedger.REFUSE, RowSettings.NONE);
    }
}
