package io.firn.catalog;

import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.schema.SourceColumns;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.Schema;

/**
 * The table that a pipeline writes to.
 *
 * @param identifier namespace and name with dots between, as {@code shop.orders}
 * @param schema without source columns; empty: the table must be there and is taken as it is
 * @param partitionBy as {@link io.firn.catalog.schema.PartitionText} reads it; counts only where the table is created
 * @param properties table properties, over Firn's defaults; count only where the table is created
 * @param sourceColumns what to do about source columns that an existing table lacks
 * @param missingLedger what to do about an existing table that has rows and no ledger
 */
public record TableRequest(
        String identifier,
        Optional<Schema> schema,
        List<String> partitionBy,
        Map<String, String> properties,
        SourceColumns.Policy sourceColumns,
        MissingLedger missingLedger) {
    public TableRequest {
        partitionBy = List.copyOf(partitionBy);
        properties = Map.copyOf(properties);
    }

    /** A table with this schema, everything else as it is by default. */
    public static TableRequest of(String identifier, Schema schema) {
        return new TableRequest(
                identifier, Optional.of(schema), List.of(), Map.of(), SourceColumns.Policy.ADD, MissingLedger.REFUSE);
    }
}
