package io.firn.catalog.ledger;

import static io.firn.catalog.ledger.LedgerKeys.OFFSETS;
import static io.firn.catalog.ledger.LedgerKeys.OFFSETS_SNAPSHOT;
import static io.firn.catalog.ledger.LedgerKeys.WATERMARK;
import static io.firn.catalog.ledger.LedgerKeys.WATERMARK_SNAPSHOT;

import io.firn.catalog.FirnException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.io.FileIO;
import org.jspecify.annotations.Nullable;

/**
 * Finds the ledger of a table: in the summary of the head or of its nearest ancestor that has one, because a rollback
 * must roll the ledger back. Where ancestors were expired before one was found, there are two more places:
 *
 * <ol>
 *   <li>The table property, if the snapshot that wrote it is the first ancestor that is missing. One that merely could
 *       be among the missing does not count: a table rolled back, written to by another engine and then expired would
 *       look the same, and the property would tell of rows that are gone.
 *   <li>The expired ancestors' summaries, as far as earlier versions of the metadata are still there.
 * </ol>
 *
 * <p>Where neither decides, nobody can tell what the table holds, and it is refused until a person says so.
 */
public final class LedgerReader {
    /** Whether anything may stand in for expired ancestors. */
    public enum PropertyFallback {
        USED,
        IGNORED
    }

    private LedgerReader() {}

    /**
     * The ledger as this table object has it; does not refresh.
     *
     * @throws FirnException {@code ledger-unreadable}, {@code ledger-unclear}
     */
    public static LedgerState read(Table table) {
        if (!(table instanceof HasTableOperations)) {
            throw FirnException.internal(
                    "table-not-readable",
                    "a " + table.getClass().getSimpleName() + " gives no access to its metadata",
                    "table " + table.name());
        }
        TableMetadata metadata = ((HasTableOperations) table).operations().current();
        return read(metadata, table.io(), table.name(), PropertyFallback.USED);
    }

    /**
     * As {@link #read(Table)}, for one version of the table's metadata.
     *
     * @param files where earlier versions of the metadata are read, in the rare case that they are needed
     */
    public static LedgerState read(TableMetadata metadata, FileIO files, String table, PropertyFallback fallback) {
        Snapshot head = metadata.currentSnapshot();
        if (head == null) {
            return new LedgerState.Fresh();
        }
        Snapshot oldest = head;
        for (Snapshot snapshot = head; snapshot != null; snapshot = parent(snapshot, metadata)) {
            if (snapshot.summary().containsKey(OFFSETS)) {
                return present(snapshot, table, LedgerState.Origin.SUMMARY);
            }
            oldest = snapshot;
        }
        Long expired = oldest.parentId();
        String property = metadata.properties().get(OFFSETS);
        if (expired == null || property == null || fallback == PropertyFallback.IGNORED) {
            return withoutLedger(head, property != null && fallback == PropertyFallback.USED);
        }
        String writer = metadata.properties().get(OFFSETS_SNAPSHOT);
        if (expired.toString().equals(writer) || isInAncestry(writer, metadata)) {
            return fromProperties(metadata.properties(), property, "table " + table + ", property " + OFFSETS);
        }
        ExpiredAncestry ancestry = ExpiredAncestry.of(metadata, expired, files);
        if (ancestry.ledgerHolder().isPresent()) {
            return present(ancestry.ledgerHolder().get(), table, LedgerState.Origin.EARLIER_METADATA);
        }
        if (ancestry.isWhole()) {
            return withoutLedger(head, true);
        }
        throw unclear(table, head, writer);
    }

    /** What to say of a table in state {@link LedgerState.Unknown}. */
    public static FirnException noLedger(String table, LedgerState.Unknown state) {
        if (state.lost()) {
            return FirnException.user(
                    "ledger-lost",
                    "the table has rows and had a ledger, but no snapshot leads to the ledger any more",
                    "table " + table + ", property " + OFFSETS,
                    "roll the table to a snapshot whose summary has " + OFFSETS
                            + "; or, to begin anew on top of the rows "
                            + "that are there, remove that table property and set 'adopt: true'");
        }
        return FirnException.user(
                "table-has-no-ledger",
                "the table has rows but no ledger, so nobody can tell which records they came from",
                "table " + table,
                "set 'adopt: true' to take the table over as it is, or name another table");
    }

    private static FirnException unclear(String table, Snapshot head, @Nullable String writer) {
        return FirnException.user(
                "ledger-unclear",
                "snapshots were expired, and nothing left shows whether the table still holds the rows up to the ledger"
                        + " in its property " + OFFSETS + " or was rolled back to before them",
                "table " + table + ", head snapshot " + head.snapshotId() + ", property of snapshot "
                        + (writer == null ? "unknown" : writer),
                "compare the property with the greatest _source_offset of each partition in the table, correct it where"
                        + " they differ, then set the table property " + OFFSETS_SNAPSHOT + " to " + head.snapshotId());
    }

    private static LedgerState present(Snapshot snapshot, String table, LedgerState.Origin origin) {
        String where = "table " + table + ", snapshot " + snapshot.snapshotId();
        return new LedgerState.Present(
                LedgerCodec.read(snapshot.summary().getOrDefault(OFFSETS, ""), where),
                watermark(snapshot.summary(), where),
                origin);
    }

    private static LedgerState fromProperties(Map<String, String> properties, String ledger, String where) {
        Ledger offsets = LedgerCodec.read(ledger, where);
        String vouchedFor = properties.get(OFFSETS_SNAPSHOT);
        // A person who vouches for the offsets does not vouch for the times beside them: they may be of rows that are
        // gone.
        return vouchedFor != null && vouchedFor.equals(properties.get(WATERMARK_SNAPSHOT))
                ? new LedgerState.Present(offsets, watermark(properties, where), LedgerState.Origin.PROPERTY)
                : new LedgerState.Present(offsets.withoutTimes(), Optional.empty(), LedgerState.Origin.PROPERTY);
    }

    private static LedgerState withoutLedger(Snapshot head, boolean lost) {
        return hasRows(head) ? new LedgerState.Unknown(lost) : new LedgerState.Fresh();
    }

    /** Only a person's hand names a snapshot that is still there: one that Firn wrote has its own ledger. */
    private static boolean isInAncestry(@Nullable String snapshotId, TableMetadata metadata) {
        for (Snapshot each = metadata.currentSnapshot(); each != null; each = parent(each, metadata)) {
            if (Long.toString(each.snapshotId()).equals(snapshotId)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Snapshot parent(Snapshot snapshot, TableMetadata metadata) {
        Long parent = snapshot.parentId();
        return parent == null ? null : metadata.snapshot(parent);
    }

    /** A head that does not count its records is taken to have some. */
    private static boolean hasRows(Snapshot head) {
        return !"0".equals(head.summary().get(SnapshotSummary.TOTAL_RECORDS_PROP));
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
