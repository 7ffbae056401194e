package io.firn.deploy.config;

import java.util.List;
import java.util.Optional;

/**
 * What {@code mode: upsert} needs to know.
 *
 * @param key names of the columns that tell rows apart; at least one
 * @param orderBy the column that orders the records of a key before their positions do
 * @param deleteWhen which records, beside tombstones, delete their key, as {@code op = 'd'}
 * @param keyFormat what the Kafka keys of tombstones hold
 * @param viewCatalog the name by which Trino knows the catalog, for the view of the latest rows
 * @param merge when it merges
 */
public record UpsertConfig(
        List<String> key,
        Optional<String> orderBy,
        Optional<String> deleteWhen,
        KeyFormat keyFormat,
        Optional<String> viewCatalog,
        MergeConfig merge) {
    /** Of a Kafka key. */
    public enum KeyFormat {
        TEXT,
        JSON
    }

    public UpsertConfig {
        key = List.copyOf(key);
    }

    /** A pipeline that says only its key. */
    public static UpsertConfig defaults(List<String> key) {
        return new UpsertConfig(
                key,
                Optional.empty(),
                Optional.empty(),
                key.size() > 1 ? KeyFormat.JSON : KeyFormat.TEXT,
                Optional.empty(),
                MergeConfig.defaults());
    }
}
