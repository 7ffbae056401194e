package io.firn.compaction.view;

import java.util.List;
import java.util.Optional;
import org.apache.iceberg.Schema;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.expressions.Expression;

/**
 * What an upsert pipeline keeps, as far as queries are concerned.
 *
 * @param keyed one row a key
 * @param staging one row a record
 * @param deletes one row a known delete
 * @param keyedSchema of the keyed table
 * @param key names of the key's columns
 * @param orderBy the column that decides before positions do, if any
 * @param deleteWhen which rows delete their key, by names, if any do
 */
public record LatestTables(
        TableIdentifier keyed,
        TableIdentifier staging,
        TableIdentifier deletes,
        Schema keyedSchema,
        List<String> key,
        Optional<String> orderBy,
        Optional<Expression> deleteWhen) {
    public LatestTables {
        key = List.copyOf(key);
    }
}
