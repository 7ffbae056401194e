package io.firn.compaction.sim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.firn.catalog.ledger.LedgerKeys;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.jspecify.annotations.Nullable;

/** Stands between one handle and its table and tells lies, so that a safeguard looks at the wrong thing. */
final class Doctor {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String table;
    private final @Nullable Safeguard missing;
    private @Nullable String firstLedger;

    Doctor(String table, Optional<Safeguard> missing) {
        this.table = table;
        this.missing = missing.orElse(null);
    }

    /** What a process sees in place of a version of the metadata. */
    TableMetadata seen(TableMetadata metadata) {
        if (missing == Safeguard.COMMIT_ID_LOOKUP) {
            return changed(metadata, summary -> summary.remove(LedgerKeys.COMMIT_ID));
        }
        if (missing == Safeguard.PLANNED_SNAPSHOT && table.equals(Model.KEYED)) {
            return changed(metadata, summary -> summary.put("operation", "unheard-of"));
        }
        if (missing == Safeguard.MERGE_POSITION && table.equals(Model.KEYED)) {
            return metadata.currentSnapshot() == null ? metadata : withFirstLedger(metadata);
        }
        return metadata;
    }

    /** What is written in place of what a process committed. */
    TableMetadata written(TableMetadata updated) {
        return missing != Safeguard.LEDGER_CARRY
                ? updated
                : changed(updated, summary -> {
                    JsonNode operation = summary.get("firn.operation");
                    if (operation != null && !operation.asText().equals("append") && !operation.asText().equals("merge")) {
                        summary.remove(LedgerKeys.OFFSETS);
                    }
                });
    }

    private TableMetadata withFirstLedger(TableMetadata metadata) {
        String ledger = firstLedger;
        if (ledger == null) {
            ledger = metadata.currentSnapshot().summary().get(LedgerKeys.OFFSETS);
            firstLedger = ledger;
        }
        String first = ledger;
        return first == null
                ? metadata
                : changed(metadata, summary -> {
                    if (summary.has(LedgerKeys.OFFSETS)) {
                        summary.put(LedgerKeys.OFFSETS, first);
                    }
                });
    }

    private static TableMetadata changed(TableMetadata metadata, java.util.function.Consumer<ObjectNode> change) {
        try {
            JsonNode json = JSON.readTree(TableMetadataParser.toJson(metadata));
            for (JsonNode snapshot : json.path("snapshots")) {
                change.accept((ObjectNode) snapshot.get("summary"));
            }
            return TableMetadataParser.fromJson(metadata.metadataFileLocation(), JSON.writeValueAsString(json));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
