package io.firn.catalog.ledger;

import static io.firn.catalog.ledger.LedgerKeys.OFFSETS;
import static io.firn.catalog.ledger.LedgerKeys.OFFSETS_SEQUENCE;
import static io.firn.catalog.ledger.LedgerKeys.WATERMARK;

import io.firn.catalog.FirnException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Finds the ledger of a table: in the summary of the head or of its nearest ancestor that has one, because a rollback
 * must roll the ledger back; else, where ancestors were expired, in the table property.
 *
 * <p>The property is believed only where ancestors are missing and it is not newer than the head. Where the whole
 * ancestry is there and holds no ledger, or the property was written by a snapshot after the head, the table was rolled
 * back to before Firn's rows, and the property tells of rows that are gone.
 */
public final class LedgerReader {
    /** Whether the table property may stand in for expired ancestors. */
    public enum PropertyFallback {
        USED,
        IGNORED
    }

    private LedgerReader() {}

    /**
     * The ledger as this table object has it; does not refresh.
     *
     * @throws FirnException {@code ledger-unreadable}
     */
    public static LedgerState read(Table table) {
        return read(table.currentSnapshot(), table::snapshot, table.properties(), table.name(), PropertyFallback.USED);
    }

    /** As {@link #read(Table)}, for one version of the table's metadata. */
    public static LedgerState read(TableMetadata metadata, String table, PropertyFallback fallback) {
        return read(metadata.currentSnapshot(), metadata::snapshot, metadata.properties(), table, fallback);
    }

    /** What to say of a table in state {@link LedgerState.Unknown}. */
    public static FirnException noLedger(String table) {
        return FirnException.user(
                "table-has-no-ledger",
                "the table has rows but no ledger, so nobody can tell which records they came from",
                "table " + table,
                "set 'adopt: true' to take the table over as it is, or name another table");
    }

    private static LedgerState read(
            @Nullable Snapshot head,
            LongFunction<@Nullable Snapshot> snapshots,
            Map<String, String> properties,
            String table,
            PropertyFallback fallback) {
        if (head == null) {
            return new LedgerState.Fresh();
        }
        Snapshot oldest = head;
        for (Snapshot snapshot = head; snapshot != null; snapshot = parent(snapshot, snapshots)) {
            String json = snapshot.summary().get(OFFSETS);
            if (json != null) {
                String where = "table " + table + ", snapshot " + snapshot.snapshotId();
                return new LedgerState.Present(
                        LedgerCodec.read(json, where),
                        watermark(snapshot.summary(), where),
                        LedgerState.Origin.SUMMARY);
            }
            oldest = snapshot;
        }
        String property = properties.get(OFFSETS);
        if (fallback == PropertyFallback.USED
                && property != null
                && oldest.parentId() != null
                && sequence(properties) <= head.sequenceNumber()) {
            String where = "table " + table + ", property " + OFFSETS;
            return new LedgerState.Present(
                    LedgerCodec.read(property, where), watermark(properties, where), LedgerState.Origin.PROPERTY);
        }
        return hasRows(head) ? new LedgerState.Unknown() : new LedgerState.Fresh();
    }

    private static @Nullable Snapshot parent(Snapshot snapshot, LongFunction<@Nullable Snapshot> snapshots) {
        Long parent = snapshot.parentId();
        return parent == null ? null : snapshots.apply(parent);
    }

    /** A head that does not count its records is taken to have some. */
    private static boolean hasRows(Snapshot head) {
        return !"0".equals(head.summary().get(SnapshotSummary.TOTAL_RECORDS_PROP));
    }

    /** Of format 1, and of ledgers put there by hand, no sequence number is known; then nothing speaks against it. */
    private static long sequence(Map<String, String> properties) {
        String text = properties.getOrDefault(OFFSETS_SEQUENCE, "0");
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static Optional<Instant> watermark(Map<String, String> keys, String where) {
        String text = keys.get(WATERMARK);
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException e) {
            throw LedgerCodec.unreadable("the watermark '" + text + "' is not an instant", where, e);
        }
    }
}
