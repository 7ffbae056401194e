package io.firn.compaction.sim;

import io.firn.catalog.ledger.LedgerKeys;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.jspecify.annotations.Nullable;

/** Stands between one handle and its table and tells lies, so that a safeguard looks at the wrong thing. */
final class Doctor {
    /** What is between the braces of a snapshot's summary. */
    private static final Pattern SUMMARY = Pattern.compile("(\"summary\":\\{)(.*?)(?=},\"manifest-list\")");

    private static final Pattern OPERATION = Pattern.compile("\"operation\":\"[a-z]+\"");
    private static final Pattern COMMIT_ID = value(LedgerKeys.COMMIT_ID);
    private static final Pattern OFFSETS = value(LedgerKeys.OFFSETS);
    /** The counts of rows inside of a ledger. */
    private static final Pattern ROWS = Pattern.compile(",\\\\\"rows\\\\\":\\{[^}]*}");

    private static final Pattern KNOWN_DELETES = value(LedgerKeys.KNOWN_DELETES);

    private static final Pattern CARRYING = Pattern.compile("\"firn.operation\":\"(rewrite|expire)\"");

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
            return changed(metadata, summary -> COMMIT_ID.matcher(summary).replaceAll(""));
        }
        if (missing == Safeguard.PROVEN_STEP) {
            return changed(metadata, summary -> ROWS.matcher(summary).replaceAll(""));
        }
        if (missing == Safeguard.COUNTED_DELETES && table.equals(Model.KEYED)) {
            return changed(metadata, summary -> KNOWN_DELETES.matcher(summary).replaceAll(""));
        }
        if (missing == Safeguard.PLANNED_SNAPSHOT && table.equals(Model.KEYED)) {
            return changed(
                    metadata, summary -> OPERATION.matcher(summary).replaceFirst("\"operation\":\"unheard-of\""));
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
                : changed(
                        updated,
                        summary -> CARRYING.matcher(summary).find()
                                ? OFFSETS.matcher(summary).replaceAll("")
                                : summary);
    }

    private TableMetadata withFirstLedger(TableMetadata metadata) {
        String json = TableMetadataParser.toJson(metadata);
        if (firstLedger == null) {
            Matcher entry = OFFSETS.matcher(json.substring(json.lastIndexOf("\"summary\"")));
            firstLedger = entry.find() ? entry.group() : null;
        }
        String first = firstLedger;
        return first == null
                ? metadata
                : changed(metadata, summary -> OFFSETS.matcher(summary).replaceAll(Matcher.quoteReplacement(first)));
    }

    private static TableMetadata changed(TableMetadata metadata, UnaryOperator<String> change) {
        String json = SUMMARY.matcher(TableMetadataParser.toJson(metadata))
                .replaceAll(found -> Matcher.quoteReplacement(found.group(1) + change.apply(found.group(2))));
        return TableMetadataParser.fromJson(metadata.metadataFileLocation(), json);
    }

    /** An entry that is not the first of its object, which is the operation. */
    private static Pattern value(String key) {
        return Pattern.compile(",\"" + Pattern.quote(key) + "\":\"(?:[^\"\\\\]|\\\\.)*\"");
    }
}
