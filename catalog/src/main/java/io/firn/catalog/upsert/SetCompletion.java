package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.MergedBackfills;
import io.firn.catalog.commit.PropertyCommitter;
import io.firn.catalog.commit.PropertySwap;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.PartitionEntry;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.iceberg.Table;

/**
 * Makes the three tables of a set name each other, and ends rebuilds that are complete. Every change is one property of
 * one table, swapped from the value that was read: a process that is killed in between leaves a set whose next start
 * goes on, and one that was frozen meanwhile changes nothing.
 */
final class SetCompletion {
    private static final int MAX_ATTEMPTS = 20;

    private final UpsertSet set;

    /** @param set all three tables, without a refusal */
    SetCompletion(UpsertSet set) {
        this.set = set;
    }

    void complete() {
        rememberBegin();
        name();
        for (SetMember member : SetMember.values()) {
            Table table = table(member);
            Optional<RebuildMark> mark = RebuildMark.of(table);
            if (mark.isPresent() && isComplete(member, mark.get())) {
                swap(
                        table,
                        UpsertKeys.REBUILD,
                        Optional.of(mark.get().text()),
                        Optional.empty(),
                        Set.of(UpsertKeys.REBUILD_ACCEPTS));
            }
        }
    }

    private void name() {
        Map<SetMember, UUID> uuids = new EnumMap<>(SetMember.class);
        for (SetMember member : SetMember.values()) {
            uuids.put(member, Tables.uuid(table(member)));
        }
        String names = new SetNames(uuids).text();
        for (SetMember member : SetMember.values()) {
            Optional<String> before =
                    Optional.ofNullable(table(member).properties().get(UpsertKeys.TABLES));
            if (!before.equals(Optional.of(names))) {
                swap(table(member), UpsertKeys.TABLES, before, Optional.of(names), Set.of());
            }
        }
    }

    /**
     * An older Firn created a staging table again without a word, and only the keyed table knows where the pipeline
     * began: that has to outlive the keyed table.
     */
    private void rememberBegin() {
        Table staging = table(SetMember.STAGING);
        if (staging.properties().containsKey(UpsertKeys.BEGUN)
                || !SetNames.of(staging).equals(SetNames.NONE)) {
            return;
        }
        Ledger staged = ledger(staging);
        Ledger merged = ledger(table(SetMember.KEYED));
        boolean isEarlier = merged.pipelines().entrySet().stream()
                .anyMatch(pipeline -> pipeline.getValue().entrySet().stream()
                        .anyMatch(entry -> entry.getValue().start()
                                < staged.known(pipeline.getKey(), entry.getKey())
                                        .map(PartitionEntry::start)
                                        .orElse(0L)));
        if (isEarlier) {
            swap(
                    staging,
                    UpsertKeys.BEGUN,
                    Optional.empty(),
                    Optional.of(LedgerCodec.write(merged.withoutTimes())),
                    Set.of());
        }
    }

    /** Whether nothing of a rebuild is left to read or to merge. */
    private boolean isComplete(SetMember member, RebuildMark mark) {
        if (mark.backfills().isEmpty()) {
            return false;
        }
        UpsertSet.Reading reading = UpsertSet.Reading.of(set, mark);
        List<BackfillState> states = reading.states();
        if (!reading.isKnown() || states.stream().anyMatch(state -> !state.isOver() || !isWhole(member, state))) {
            return false;
        }
        Table keyed = table(SetMember.KEYED);
        Ledger merged = ledger(keyed);
        Set<String> ids = states.stream().map(BackfillState::id).collect(Collectors.toSet());
        boolean isMerged =
                MergedBackfills.read(keyed).left(states, merged).stream().noneMatch(left -> ids.contains(left.id()));
        return isMerged
                && (member != SetMember.KEYED
                        || isRead(states, merged) && isPassed(SetRebuild.accepted(keyed), merged));
    }

    /** A backfill that passed over offsets leaves deletes unknown, unless the user accepts that. */
    private boolean isWhole(SetMember member, BackfillState state) {
        return member != SetMember.DELETES
                || state.task().told().isEmpty()
                || state.task().requestedBy().equals(SetRebuild.STAGED_ROWS)
                || table(member).properties().containsKey(UpsertKeys.REBUILD_ACCEPTS);
    }

    private static boolean isRead(List<BackfillState> states, Ledger merged) {
        return states.stream()
                .allMatch(state -> state.task().spans().entrySet().stream().allMatch(span -> merged.known(
                                state.task().pipeline(), state.task().partition(span.getKey()))
                        .filter(entry -> entry.next() >= span.getValue().end())
                        .isPresent()));
    }

    private static boolean isPassed(List<AcceptedSpan> spans, Ledger merged) {
        for (AcceptedSpan span : spans) {
            boolean isPassed = merged.pipelines().keySet().stream()
                    .flatMap(pipeline -> merged.incarnations(pipeline, span.topic()).stream())
                    .flatMap(entries -> entries.entrySet().stream())
                    .anyMatch(entry -> entry.getKey().partition() == span.partition()
                            && entry.getValue().next() >= span.offsets().end());
            if (!isPassed) {
                return false;
            }
        }
        return true;
    }

    private Table table(SetMember member) {
        return set.table(member).orElseThrow();
    }

    private static Ledger ledger(Table table) {
        return LedgerReader.read(table)
                .fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
    }

    /**
     * Swaps a property.
     *
     * @param dropped properties that go with it
     * @throws FirnException {@code upsert-tables-changed} if another process changed it otherwise
     */
    static void swap(Table table, String key, Optional<String> before, Optional<String> after, Set<String> dropped) {
        PropertyCommitter committer =
                new PropertyCommitter(table, new Random(Tables.uuid(table).hashCode()));
        PropertySwap swap = PropertySwap.of(key, before, after);
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            switch (committer.attempt(swap, dropped)) {
                case COMMITTED -> {
                    table.refresh();
                    return;
                }
                case CHANGED -> throw busy(table, key, "another process changed it at the same time");
                case UNDECIDED -> {}
            }
        }
        throw busy(table, key, "no answer in " + MAX_ATTEMPTS + " attempts");
    }

    private static FirnException busy(Table table, String key, String why) {
        return new FirnException(
                "upsert-tables-changed",
                FirnException.Kind.EXTERNAL,
                "the property " + key + " cannot be set: " + why,
                "table " + table.name(),
                "try again",
                null);
    }
}
