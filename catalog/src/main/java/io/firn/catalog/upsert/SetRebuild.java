package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Table;

/**
 * The changes to the catalog that rebuild one table of a set. The new table has its {@link RebuildMark} from the first
 * moment on; so until all is written down that it needs, every start refuses it, and afterwards every process finishes
 * it. Each step does nothing if it is done already: a rebuild that was killed is simply run again.
 */
public final class SetRebuild {
    /** Who asked for a backfill that reads nothing: it has rows merged that only staging holds. */
    public static final String STAGED_ROWS = "firn rebuild, rows that only staging holds";

    private final Tables tables;
    private final UpsertRequest request;
    private final SetMember member;

    /** @param member to rebuild */
    public SetRebuild(Tables tables, UpsertRequest request, SetMember member) {
        this.tables = tables;
        this.request = request;
        this.member = member;
    }

    private String name() {
        return member.tableName(request.identifier());
    }

    /** Drops the table that has the name; its files stay. */
    public void drop() {
        tables.drop(name());
    }

    /**
     * Creates the table with its mark; returns the one that is there if it has a mark.
     *
     * @param id of the rebuild
     * @param accepted offsets that it goes on without
     * @throws FirnException {@code rebuild-overtaken} if another process created the table
     */
    public Table create(String id, List<AcceptedSpan> accepted) {
        Table table = create(member, RebuildMark.begun(id), accepted);
        if (RebuildMark.of(table).isEmpty()) {
            throw FirnException.user(
                    "rebuild-overtaken",
                    "another process created the table meanwhile",
                    "table " + name(),
                    "end processes of older versions of Firn; then run the rebuild with --replace");
        }
        if (!accepted.isEmpty()) {
            accept(table, accepted);
        }
        return table;
    }

    /** Returns the offsets that an earlier run accepted to be missing. */
    public static List<AcceptedSpan> accepted(Table table) {
        return AcceptedSpan.list(table.properties().getOrDefault(UpsertKeys.REBUILD_ACCEPTS, ""));
    }

    private static void accept(Table table, List<AcceptedSpan> accepted) {
        Optional<String> before = Optional.ofNullable(table.properties().get(UpsertKeys.REBUILD_ACCEPTS));
        Optional<String> after = Optional.of(AcceptedSpan.text(accepted));
        if (!before.equals(after)) {
            SetCompletion.swap(table, UpsertKeys.REBUILD_ACCEPTS, before, after, Set.of());
        }
    }

    /** Creates the deletes table if it is missing too: a keyed table that is merged anew fills it anew. */
    public void createDeletes(String id) {
        if (member == SetMember.KEYED
                && tables.open(SetMember.DELETES.tableName(request.identifier()))
                        .isEmpty()) {
            create(SetMember.DELETES, RebuildMark.begun(id).registered(0), List.of());
        }
    }

    private Table create(SetMember created, RebuildMark mark, List<AcceptedSpan> accepted) {
        UpsertSet set = UpsertSet.read(tables, request.identifier());
        Map<SetMember, UUID> others = new EnumMap<>(SetMember.class);
        for (SetMember each : SetMember.values()) {
            if (each != created) {
                set.table(each).ifPresent(table -> others.put(each, Tables.uuid(table)));
            }
        }
        Map<String, String> properties = new HashMap<>();
        properties.put(UpsertKeys.TABLES, new SetNames(others).text());
        properties.put(UpsertKeys.REBUILD, mark.text());
        if (!accepted.isEmpty()) {
            properties.put(UpsertKeys.REBUILD_ACCEPTS, AcceptedSpan.text(accepted));
        }
        if (created == SetMember.STAGING) {
            set.table(SetMember.KEYED)
                    .map(SetRebuild::ledger)
                    .ifPresent(merged -> properties.put(UpsertKeys.BEGUN, LedgerCodec.write(merged.withoutTimes())));
        }
        TableRequest asked = request.tables().get(created.ordinal());
        properties.putAll(asked.properties());
        return tables.openOrCreate(new TableRequest(
                asked.identifier(),
                asked.schema(),
                asked.partitionBy(),
                properties,
                asked.sourceColumns(),
                asked.missingLedger()));
    }

    /**
     * Writes down where the new table begins: a staging table where the keyed table ends, a keyed table where the set
     * began if that was before its present staging table.
     *
     * @param accepted offsets that staging goes on without
     */
    public void begin(Table table, List<AcceptedSpan> accepted) {
        UpsertSet set = UpsertSet.read(tables, request.identifier());
        if (member == SetMember.STAGING) {
            Table keyed = set.table(SetMember.KEYED).orElseThrow();
            StagingStart.commitAfter(table, keyed);
            skip(table, accepted);
        } else if (member == SetMember.KEYED) {
            Table staging = set.table(SetMember.STAGING).orElseThrow();
            begins(staging).forEach((pipeline, starts) -> {
                TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
                starts.forEach((partition, start) -> steps.put(partition, PartitionStep.start(start)));
                StagingStart.commit(table, pipeline, steps);
            });
        }
    }

    /** Writes the accepted offsets down as a gap of the staging table. */
    private static void skip(Table staging, List<AcceptedSpan> accepted) {
        ledger(staging).pipelines().forEach((pipeline, entries) -> {
            TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
            entries.forEach((partition, entry) -> accepted.stream()
                    .filter(span -> span.isOf(partition.topic(), partition.partition()))
                    .map(AcceptedSpan::offsets)
                    .filter(span -> span.start() <= entry.next() && span.end() > entry.next())
                    .findFirst()
                    .ifPresent(span -> steps.put(partition, gap(entry, span.end()))));
            if (!steps.isEmpty()) {
                StagingStart.commit(staging, pipeline, steps);
            }
        });
    }

    private static PartitionStep gap(PartitionEntry entry, long end) {
        return new PartitionStep(
                        OptionalLong.of(entry.next()),
                        new OffsetRange(end, end),
                        OptionalLong.empty(),
                        List.of(new OffsetRange(entry.next(), end)),
                        new TreeMap<>())
                .with(io.firn.catalog.commit.StepRows.added(0));
    }

    /**
     * Returns where partitions of the set began, if that was before the present staging table covers them.
     *
     * @param staging as it is, not refreshed
     */
    public static SortedMap<String, SortedMap<SourcePartition, Long>> begins(Table staging) {
        String text = staging.properties().get(UpsertKeys.BEGUN);
        TreeMap<String, SortedMap<SourcePartition, Long>> begins = new TreeMap<>();
        if (text == null) {
            return begins;
        }
        Ledger staged = ledger(staging);
        Ledger begun = LedgerCodec.read(text, "table " + staging.name() + ", property " + UpsertKeys.BEGUN);
        begun.pipelines()
                .forEach((pipeline, entries) -> entries.forEach((partition, entry) -> {
                    // Of a topic that was created again the merge takes the oldest first.
                    boolean isOldest = staged.incarnations(pipeline, partition.topic()).stream()
                            .findFirst()
                            .filter(oldest -> oldest.containsKey(partition))
                            .isPresent();
                    boolean isEarlier = staged.known(pipeline, partition)
                            .filter(known -> entry.start() < known.start())
                            .isPresent();
                    if (isOldest && isEarlier) {
                        begins.computeIfAbsent(pipeline, any -> new TreeMap<>()).put(partition, entry.start());
                    }
                }));
        return begins;
    }

    /**
     * Writes down that all backfills of the rebuild are registered. From here on the table is complete as soon as what
     * they read is merged, whoever does it.
     */
    public void registered(Table table, RebuildMark mark, int backfills) {
        swap(table, mark, mark.registered(backfills));
    }

    /** Begins again to register backfills, under another ID: some of the earlier ones ended before they were done. */
    public RebuildMark again(Table table, RebuildMark mark, String id) {
        RebuildMark fresh = RebuildMark.begun(id);
        swap(table, mark, fresh);
        return fresh;
    }

    private static void swap(Table table, RebuildMark from, RebuildMark to) {
        if (!from.equals(to)) {
            SetCompletion.swap(table, UpsertKeys.REBUILD, Optional.of(from.text()), Optional.of(to.text()), Set.of());
        }
    }

    /** Returns the backfills of a rebuild that the staging table knows. */
    public static List<BackfillState> backfills(UpsertSet set, RebuildMark mark) {
        return UpsertSet.Reading.of(set, mark).states();
    }

    private static Ledger ledger(Table table) {
        return LedgerReader.read(table)
                .fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
    }
}
