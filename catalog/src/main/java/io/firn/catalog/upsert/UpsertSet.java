package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.util.SnapshotUtil;

/**
 * The tables of an upsert pipeline as the catalog has them, and whether they belong together. Each names the UUIDs of
 * all, so that a table that is gone, or another one of its name, is never taken for an empty one.
 *
 * <p>Tables that name nobody are a set if all three are there (an older Firn made them, or a first start was killed
 * before it named them), or if none has a ledger yet (a first start was killed before it created all).
 */
public final class UpsertSet {
    private final String keyed;
    private final Map<SetMember, Table> tables;

    private UpsertSet(String keyed, Map<SetMember, Table> tables) {
        this.keyed = keyed;
        this.tables = new EnumMap<>(SetMember.class);
        this.tables.putAll(tables);
    }

    /** @param tables those that are there, as they are; not refreshed */
    static UpsertSet of(String keyed, Map<SetMember, Table> tables) {
        return new UpsertSet(keyed, tables);
    }

    /**
     * Opens what there is of a set.
     *
     * @param keyed name of the keyed table
     */
    public static UpsertSet read(Tables catalog, String keyed) {
        return read(catalog::open, keyed);
    }

    /** @param opening returns the table of a name; empty if there is none */
    public static UpsertSet read(Function<String, Optional<Table>> opening, String keyed) {
        Map<SetMember, Table> tables = new EnumMap<>(SetMember.class);
        for (SetMember member : SetMember.values()) {
            opening.apply(member.tableName(keyed)).ifPresent(table -> tables.put(member, table));
        }
        return new UpsertSet(keyed, tables);
    }

    public Optional<Table> table(SetMember member) {
        return Optional.ofNullable(tables.get(member));
    }

    String name(SetMember member) {
        return member.tableName(keyed);
    }

    String keyedName() {
        return keyed;
    }

    List<SetMember> present() {
        return List.copyOf(tables.keySet());
    }

    /** Returns why the tables cannot be used as they are: one is missing, foreign, replaced or half rebuilt. */
    public Optional<FirnException> refusal() {
        List<SetMember> missing = missing();
        if (!missing.isEmpty()) {
            return Optional.of(SetRefusals.missing(this, missing));
        }
        for (SetMember member : SetMember.values()) {
            Table table = tables.get(member);
            if (table == null) {
                continue;
            }
            if (isForeign(member)) {
                return Optional.of(SetRefusals.foreign(this, member, Tables.uuid(table)));
            }
            if (isReplaced(table)) {
                return Optional.of(SetRefusals.replaced(this, member));
            }
            Optional<FirnException> unfinished = RebuildMark.of(table).flatMap(mark -> unfinished(member, mark));
            if (unfinished.isPresent()) {
                return unfinished;
            }
        }
        return Optional.empty();
    }

    /**
     * Throws if a table that a rebuild of another rests on is missing, foreign, replaced or half rebuilt itself.
     *
     * @throws FirnException as {@link #refusal} returns them
     */
    public void requireUsable(SetMember member) {
        Table table = tables.get(member);
        if (table == null) {
            throw SetRefusals.missing(this, List.of(member));
        }
        if (isForeign(member)) {
            throw SetRefusals.foreign(this, member, Tables.uuid(table));
        }
        if (isReplaced(table)) {
            throw SetRefusals.replaced(this, member);
        }
        RebuildMark.of(table).flatMap(mark -> unfinished(member, mark)).ifPresent(refusal -> {
            throw refusal;
        });
    }

    /** Members that are not there although the others know that they were. */
    List<SetMember> missing() {
        List<SetMember> missing = new ArrayList<>();
        boolean isUnnamed =
                tables.values().stream().allMatch(table -> SetNames.of(table).equals(SetNames.NONE));
        boolean isBegun = tables.values().stream().anyMatch(table -> !isFresh(table));
        for (SetMember member : SetMember.values()) {
            if (!tables.containsKey(member) && (isUnnamed ? isBegun : isNamed(member))) {
                missing.add(member);
            }
        }
        return missing;
    }

    private boolean isNamed(SetMember member) {
        return tables.values().stream()
                .anyMatch(table -> SetNames.of(table).of(member).isPresent());
    }

    /** Returns the UUID that the other tables name a member by; empty if they name none, or it is being rebuilt. */
    Optional<UUID> expected(SetMember member) {
        return tables.entrySet().stream()
                .filter(each -> each.getKey() != member)
                .flatMap(each -> SetNames.of(each.getValue()).of(member).stream())
                .findFirst();
    }

    /** Whether others name another table, and nobody this one; a table that is being rebuilt has yet to be named. */
    boolean isForeign(SetMember member) {
        Table table = Objects.requireNonNull(tables.get(member), "not there");
        if (RebuildMark.of(table).isPresent()) {
            return false;
        }
        UUID uuid = Tables.uuid(table);
        boolean isOther = false;
        for (Map.Entry<SetMember, Table> each : tables.entrySet()) {
            Optional<UUID> named = SetNames.of(each.getValue()).of(member);
            if (each.getKey() == member || named.isEmpty()) {
                continue;
            }
            if (named.get().equals(uuid)) {
                return false;
            }
            isOther = true;
        }
        return isOther;
    }

    private Optional<FirnException> unfinished(SetMember member, RebuildMark mark) {
        if (mark.backfills().isEmpty()) {
            return Optional.of(SetRefusals.unfinished(this, member, "not all that it needs is registered yet"));
        }
        for (BackfillState state : Reading.of(this, mark).states()) {
            if (state.standing().phase() == Phase.CANCELLED || state.standing().phase() == Phase.FAILED) {
                return Optional.of(SetRefusals.unfinished(
                        this,
                        member,
                        "its backfill " + state.id() + " is "
                                + state.standing().phase().text()
                                + state.standing()
                                        .error()
                                        .map(error -> ": " + error)
                                        .orElse("")));
            }
        }
        return Reading.of(this, mark).isKnown()
                ? Optional.empty()
                : Optional.of(SetRefusals.unfinished(this, member, "its backfills are not in the staging table"));
    }

    /**
     * The backfills of a rebuild.
     *
     * @param states those that the staging table has
     * @param isKnown whether it has all of them
     */
    record Reading(List<BackfillState> states, boolean isKnown) {
        static Reading of(UpsertSet set, RebuildMark mark) {
            List<BackfillState> all =
                    set.table(SetMember.STAGING).map(Backfills::read).orElse(List.of());
            List<BackfillState> states = new ArrayList<>();
            for (int number = 0; number < mark.backfills().orElse(0); number++) {
                String id = mark.backfill(number);
                all.stream().filter(state -> state.id().equals(id)).forEach(states::add);
            }
            return new Reading(states, states.size() == mark.backfills().orElse(0));
        }
    }

    /** Whether another engine has put another table, without Firn's snapshots, in the table's place. */
    static boolean isReplaced(Table table) {
        if (SetNames.of(table).equals(SetNames.NONE)
                || !table.properties().containsKey(LedgerKeys.OFFSETS)
                || !isFresh(table)) {
            return false;
        }
        Snapshot head = table.currentSnapshot();
        String writer = table.properties().get(LedgerKeys.OFFSETS_SNAPSHOT);
        if (head == null || writer == null || table.snapshot(Long.parseLong(writer)) == null) {
            return true;
        }
        // A rollback to before the first ledger takes the ledger back with the rows.
        return !SnapshotUtil.isAncestorOf(table, Long.parseLong(writer), head.snapshotId());
    }

    static boolean isFresh(Table table) {
        return LedgerReader.read(table) instanceof LedgerState.Fresh;
    }
}
