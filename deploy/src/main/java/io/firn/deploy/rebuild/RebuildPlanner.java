package io.firn.deploy.rebuild;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.catalog.upsert.RebuildMark;
import io.firn.catalog.upsert.SetMember;
import io.firn.catalog.upsert.SetRebuild;
import io.firn.catalog.upsert.UpsertSet;
import io.firn.deploy.rebuild.RebuildPlan.From;
import io.firn.deploy.rebuild.RebuildPlan.Reading;
import io.firn.deploy.rebuild.RebuildPlan.Work;
import io.firn.ingest.record.SpanSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.iceberg.Table;

/**
 * Finds out what the rebuild of a table reads, and which offsets it cannot get any more. Changes nothing.
 *
 * <p>A keyed table needs every record that the set has staged since it began, a deletes table every record that is
 * merged, a staging table those that are not merged. They come from Kafka, or are staged still.
 */
public final class RebuildPlanner {
    private final RebuildParts parts;
    private final SetMember member;
    private final String name;

    /** @param member to rebuild */
    public RebuildPlanner(RebuildParts parts, SetMember member) {
        this.parts = parts;
        this.member = member;
        this.name = member.tableName(parts.request().identifier());
    }

    /** What may become of a table that has the name and is no unfinished rebuild. */
    public enum Existing {
        KEPT,
        REPLACED
    }

    /** @throws FirnException if it cannot be rebuilt, or Kafka or the catalog do not answer */
    public RebuildPlan plan(Existing existing) {
        UpsertSet set = UpsertSet.read(parts.tables(), parts.request().identifier());
        Work work = work(set, existing);
        for (SetMember needed : needed()) {
            set.requireUsable(needed);
        }
        Ledger staged = set.table(SetMember.STAGING).map(this::ledger).orElse(Ledger.empty());
        Ledger merged = member == SetMember.KEYED
                ? Ledger.empty()
                : set.table(SetMember.KEYED).map(this::ledger).orElse(Ledger.empty());
        if (member == SetMember.DELETES) {
            requireStagingAhead(staged, merged);
        }
        SortedMap<SourcePartition, PartitionEntry> wanted = wanted(set, staged, merged);
        try (SpanSource kafka = parts.kafka()) {
            return plan(set, work, wanted, staged, held(kafka, wanted));
        }
    }

    private Set<SetMember> needed() {
        return switch (member) {
            case KEYED -> Set.of(SetMember.STAGING);
            case DELETES -> Set.of(SetMember.KEYED, SetMember.STAGING);
            case STAGING -> Set.of(SetMember.KEYED);
        };
    }

    private Work work(UpsertSet set, Existing existing) {
        Optional<Table> table = set.table(member);
        if (table.isEmpty()) {
            return Work.CREATE;
        }
        if (RebuildMark.of(table.get()).isPresent()) {
            return Work.RESUME;
        }
        if (existing == Existing.REPLACED) {
            return Work.REPLACE;
        }
        throw FirnException.user(
                "rebuild-not-needed",
                "the table is there, and no rebuild of it is unfinished",
                "table " + name,
                "to drop it and build another in its place, add --replace");
    }

    private Ledger ledger(Table table) {
        Ledger ledger = LedgerReader.read(table).fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            throw LedgerReader.noLedger(table.name(), unknown);
        });
        if (!ledger.isEmpty() && !ledger.knows(parts.pipeline())) {
            throw FirnException.user(
                    "pipeline-unknown",
                    "the table's ledger does not know the pipeline " + parts.pipeline() + ", only "
                            + ledger.pipelines().keySet(),
                    "table " + table.name(),
                    "give the pipeline its earlier name until the table is rebuilt");
        }
        return ledger;
    }

    /** What is merged and yet to be staged again cannot be looked through for deletes. */
    private void requireStagingAhead(Ledger staged, Ledger merged) {
        merged.partitions(parts.pipeline()).forEach((partition, entry) -> {
            long next = staged.known(parts.pipeline(), partition)
                    .map(PartitionEntry::next)
                    .orElse(0L);
            if (next < entry.next()) {
                throw FirnException.user(
                        "rebuild-refused",
                        "the staging table is behind the keyed table, so known deletes cannot be found",
                        partition + ", staged up to " + next + ", merged up to " + entry.next(),
                        "rebuild the staging table first, with --replace");
            }
        });
    }

    /** By partition, of every incarnation, from where to where records are needed. */
    private SortedMap<SourcePartition, PartitionEntry> wanted(UpsertSet set, Ledger staged, Ledger merged) {
        Ledger ledger = member == SetMember.KEYED ? staged : merged;
        TreeMap<SourcePartition, PartitionEntry> wanted = new TreeMap<>();
        Set<String> topics = new TreeSet<>();
        ledger.partitions(parts.pipeline()).keySet().forEach(partition -> topics.add(partition.topic()));
        for (String topic : topics) {
            ledger.incarnations(parts.pipeline(), topic).forEach(wanted::putAll);
        }
        if (member == SetMember.DELETES) {
            // A merge that runs now may still take in all that is staged, and its deletes are lost as well.
            wanted.replaceAll((partition, entry) -> staged.known(parts.pipeline(), partition)
                    .filter(known -> known.next() > entry.next())
                    .map(known ->
                            new PartitionEntry(entry.start(), known.next(), entry.until(), entry.gaps(), entry.rows()))
                    .orElse(entry));
        }
        if (member == SetMember.KEYED) {
            SetRebuild.begins(set.table(SetMember.STAGING).orElseThrow())
                    .getOrDefault(parts.pipeline(), new TreeMap<>())
                    .forEach((partition, start) -> wanted.computeIfPresent(
                            partition,
                            (any, entry) -> new PartitionEntry(
                                    start, entry.next(), entry.until(), entry.gaps(), entry.rows())));
        }
        return wanted;
    }

    /** What Kafka holds; partitions of earlier incarnations and of deleted topics are missing. */
    private static Map<SourcePartition, OffsetRange> held(
            SpanSource kafka, SortedMap<SourcePartition, PartitionEntry> wanted) {
        Set<String> topics = new TreeSet<>();
        wanted.keySet().forEach(partition -> topics.add(partition.topic()));
        Map<String, String> ids = topics.isEmpty() ? Map.of() : kafka.topicIds(topics);
        List<SourcePartition> present = wanted.keySet().stream()
                .filter(partition -> partition.topicId().equals(ids.get(partition.topic())))
                .toList();
        return present.isEmpty() ? Map.of() : kafka.bounds(present);
    }

    private RebuildPlan plan(
            UpsertSet set,
            Work work,
            SortedMap<SourcePartition, PartitionEntry> wanted,
            Ledger staged,
            Map<SourcePartition, OffsetRange> held) {
        TreeMap<SourcePartition, OffsetRange> absent = new TreeMap<>();
        wanted.forEach((partition, entry) -> {
            OffsetRange inKafka = held.get(partition);
            long from = member == SetMember.STAGING ? entry.next() : entry.start();
            long end = member == SetMember.STAGING ? inKafka == null ? from : inKafka.start() : entry.next();
            long to = inKafka == null ? end : Math.min(end, inKafka.start());
            if (from < to) {
                absent.put(partition, new OffsetRange(from, to));
            }
        });
        StagedOffsets found = member == SetMember.STAGING
                ? StagedOffsets.NONE
                : StagedOffsets.read(set.table(SetMember.STAGING).orElseThrow(), absent, oldest(staged));
        List<AcceptedSpan> lost = new ArrayList<>();
        absent.forEach((partition, span) -> {
            List<OffsetRange> left = Offsets.without(
                    Offsets.without(List.of(span), found.of(partition)),
                    member == SetMember.STAGING ? List.of() : gaps(partition, wanted, staged));
            left.forEach(each -> lost.add(new AcceptedSpan(partition.topic(), partition.partition(), each)));
        });
        List<Reading> reading = member == SetMember.STAGING ? List.of() : reading(wanted, held, absent, found);
        return new RebuildPlan(member, name, work, reading, lost, notes(held, wanted));
    }

    private Map<String, String> oldest(Ledger staged) {
        Map<String, String> oldest = new HashMap<>();
        staged.partitions(parts.pipeline())
                .keySet()
                .forEach(partition -> oldest.put(
                        partition.topic(),
                        staged.incarnations(parts.pipeline(), partition.topic())
                                .get(0)
                                .firstKey()
                                .topicId()));
        return oldest;
    }

    private List<OffsetRange> gaps(
            SourcePartition partition, SortedMap<SourcePartition, PartitionEntry> wanted, Ledger staged) {
        List<OffsetRange> gaps = new ArrayList<>();
        staged.known(parts.pipeline(), partition).ifPresent(entry -> gaps.addAll(entry.gaps()));
        PartitionEntry entry = wanted.get(partition);
        if (entry != null) {
            gaps.addAll(entry.gaps());
        }
        return gaps;
    }

    /** By topic and incarnation; what only staging holds has to be merged once more where the keyed table stays. */
    private List<Reading> reading(
            SortedMap<SourcePartition, PartitionEntry> wanted,
            Map<SourcePartition, OffsetRange> held,
            SortedMap<SourcePartition, OffsetRange> absent,
            StagedOffsets found) {
        List<Reading> reading = new ArrayList<>();
        TreeMap<SourcePartition, OffsetRange> inKafka = new TreeMap<>();
        held.forEach((partition, bounds) -> {
            PartitionEntry entry = wanted.get(partition);
            if (entry != null) {
                long from = Math.max(entry.start(), bounds.start());
                long to = Math.min(entry.next(), bounds.end());
                if (from < to) {
                    inKafka.put(partition, new OffsetRange(from, to));
                }
            }
        });
        byIncarnation(inKafka, From.KAFKA, reading);
        if (member == SetMember.DELETES) {
            TreeMap<SourcePartition, OffsetRange> inStaging = new TreeMap<>(absent);
            inStaging.keySet().removeIf(partition -> !found.isAny(partition));
            byIncarnation(inStaging, From.STAGING, reading);
        }
        return reading;
    }

    private static void byIncarnation(SortedMap<SourcePartition, OffsetRange> spans, From from, List<Reading> reading) {
        Map<List<String>, SortedMap<Integer, OffsetRange>> topics = new TreeMap<>((one, other) -> {
            int byName = one.get(0).compareTo(other.get(0));
            return byName == 0 ? one.get(1).compareTo(other.get(1)) : byName;
        });
        spans.forEach((partition, span) -> topics.computeIfAbsent(
                        List.of(partition.topic(), partition.topicId()), any -> new TreeMap<>())
                .put(partition.partition(), span));
        topics.forEach((topic, each) -> reading.add(new Reading(topic.get(0), topic.get(1), from, each)));
    }

    private List<String> notes(
            Map<SourcePartition, OffsetRange> held, SortedMap<SourcePartition, PartitionEntry> wanted) {
        List<String> notes = new ArrayList<>();
        Set<String> gone = new TreeSet<>();
        wanted.keySet().stream()
                .filter(partition -> !held.containsKey(partition))
                .forEach(partition -> gone.add(partition.topic()));
        gone.forEach(topic -> notes.add("the topic " + topic
                + " was deleted or created again: records of the earlier one come from staging alone"));
        if (member != SetMember.STAGING) {
            notes.add("changes that other engines made to rows of "
                    + parts.request().identifier()
                    + " are not in Kafka: rows that they deleted come back, rows that they added do not");
        } else {
            notes.add("backfills that were running or not merged yet are lost with the former staging table");
        }
        return notes;
    }
}
