package io.firn.catalog.backfill;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.firn.catalog.FirnException;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;

/**
 * How far a keyed table is with backfills of its staging table. What a backfill staged above the keyed table's ledger
 * is merged like anything that is staged; what it staged below is merged once more, when the backfill has ended, and
 * this says up to where. It lives where the ledger does: in the snapshots of merges, so that a rollback takes it back,
 * and in a property for when those are expired.
 *
 * @param whole ids of backfills of which nothing is left to merge
 * @param next of others, by id and partition, the first offset that is left
 */
public record MergedBackfills(SortedSet<String> whole, SortedMap<String, SortedMap<Integer, Long>> next) {
    public static final MergedBackfills NONE =
            new MergedBackfills(Collections.emptySortedSet(), Collections.emptySortedMap());

    private static final JsonFactory JSON = new JsonFactory();

    public MergedBackfills {
        whole = Collections.unmodifiableSortedSet(new TreeSet<>(whole));
        next = Collections.unmodifiableSortedMap(new TreeMap<>(next));
    }

    /**
     * What of one backfill is to be merged once more.
     *
     * @param ranges by partition, none empty, all below the keyed table's ledger
     */
    public record Left(String id, BackfillMode mode, SortedMap<SourcePartition, OffsetRange> ranges) {
        public Left {
            ranges = Collections.unmodifiableSortedMap(new TreeMap<>(ranges));
        }
    }

    /** As this table object has it; does not refresh. */
    public static MergedBackfills read(Table keyed) {
        Snapshot each = keyed.currentSnapshot();
        while (each != null) {
            if (Operation.MERGE.summaryValue().equals(each.summary().get(LedgerKeys.OPERATION))) {
                return parse(each.summary().getOrDefault(LedgerKeys.MERGED_BACKFILLS, ""), keyed.name());
            }
            Long parent = each.parentId();
            if (parent == null) {
                return NONE;
            }
            each = keyed.snapshot(parent);
        }
        return parse(keyed.properties().getOrDefault(LedgerKeys.MERGED_BACKFILLS, ""), keyed.name());
    }

    /**
     * As {@link #text} wrote it.
     *
     * @param table for the error
     * @throws FirnException {@code backfill-unreadable}
     */
    public static MergedBackfills parse(String text, String table) {
        if (text.isEmpty()) {
            return NONE;
        }
        try {
            JsonNode json = StrictJson.object(text);
            TreeSet<String> whole = new TreeSet<>();
            StrictJson.array(json, "whole").forEach(id -> whole.add(StrictJson.text(id, "whole")));
            TreeMap<String, SortedMap<Integer, Long>> next = new TreeMap<>();
            JsonNode begun = StrictJson.object(json, "next");
            begun.properties()
                    .forEach(id ->
                            next.put(id.getKey(), StrictJson.numbers(StrictJson.object(begun, id.getKey()), "next")));
            return new MergedBackfills(whole, next);
        } catch (IOException | IllegalArgumentException broken) {
            throw FirnException.external(
                    "backfill-unreadable",
                    "it cannot be read which backfills are merged: " + broken.getMessage(),
                    "table " + table + ", " + LedgerKeys.MERGED_BACKFILLS,
                    "remove the table property: then what is staged of backfills is merged once more",
                    broken);
        }
    }

    public boolean isNone() {
        return whole.isEmpty() && next.isEmpty();
    }

    /** @param commit that puts it there; makes the text another one each time */
    public String text(UUID commit) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            out.writeStartObject();
            out.writeStringField("commit", commit.toString());
            out.writeArrayFieldStart("whole");
            for (String id : whole) {
                out.writeString(id);
            }
            out.writeEndArray();
            out.writeObjectFieldStart("next");
            for (Map.Entry<String, SortedMap<Integer, Long>> id : next.entrySet()) {
                out.writeObjectFieldStart(id.getKey());
                for (Map.Entry<Integer, Long> each : id.getValue().entrySet()) {
                    out.writeNumberField(each.getKey().toString(), each.getValue());
                }
                out.writeEndObject();
            }
            out.writeEndObject();
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /**
     * What is to be merged once more of backfills that have ended. Those that go on wait: each merge looks at all later
     * records that are staged, which would be a lot for a chunk.
     *
     * @param staged the staging table's backfills
     * @param keyed the keyed table's ledger; incarnations of a topic before the one that it is with count as well
     */
    public List<Left> left(Collection<BackfillState> staged, Ledger keyed) {
        List<Left> left = new ArrayList<>();
        for (BackfillState each : staged) {
            TreeMap<SourcePartition, OffsetRange> ranges = new TreeMap<>();
            if (each.isRunning() || whole.contains(each.id())) {
                continue;
            }
            each.task().spans().forEach((number, span) -> {
                SourcePartition partition = each.task().partition(number);
                // Also where the topic was created again, and the keyed table is with the later one by now.
                long merged = keyed.known(reader(each.task(), keyed), partition)
                        .map(PartitionEntry::next)
                        .orElse(0L);
                long from = next(each.id(), number, span.start());
                long to = Math.min(end(each, number), merged);
                if (from < to) {
                    ranges.put(partition, new OffsetRange(from, to));
                }
            });
            if (!ranges.isEmpty()) {
                left.add(new Left(each.id(), each.task().mode(), ranges));
            }
        }
        return left;
    }

    /**
     * Returns the name of the backfill's pipeline in a ledger: another one than the backfill was asked for under if the
     * pipeline was renamed since.
     */
    public static String reader(BackfillTask task, Ledger ledger) {
        TreeSet<String> readers = new TreeSet<>();
        for (int number : task.spans().keySet()) {
            SourcePartition partition = task.partition(number);
            ledger.pipelines().keySet().stream()
                    .filter(pipeline -> ledger.known(pipeline, partition).isPresent())
                    .forEach(readers::add);
        }
        return readers.isEmpty() || readers.contains(task.pipeline()) ? task.pipeline() : readers.first();
    }

    /**
     * How it is after a merge: of what was left only those are left still that were cut.
     *
     * @param cut by backfill and partition number the end of what was taken, where more was left
     */
    public MergedBackfills after(Collection<BackfillState> staged, Map<String, ? extends Map<Integer, Long>> cut) {
        TreeSet<String> all = new TreeSet<>();
        TreeMap<String, SortedMap<Integer, Long>> begun = new TreeMap<>();
        for (BackfillState each : staged) {
            Map<Integer, Long> ends = cut.get(each.id());
            if (each.isRunning()) {
                continue;
            }
            if (whole.contains(each.id()) || ends == null || ends.isEmpty()) {
                all.add(each.id());
                continue;
            }
            TreeMap<Integer, Long> reached = new TreeMap<>();
            each.task().spans().keySet().forEach(number -> {
                Long end = ends.get(number);
                reached.put(number, end == null ? end(each, number) : end);
            });
            begun.put(each.id(), reached);
        }
        return new MergedBackfills(all, begun);
    }

    /** Backfills that staging must keep all rows for: those that go on and those that are not merged. */
    public Set<String> open(Collection<BackfillState> staged) {
        TreeSet<String> open = new TreeSet<>();
        staged.stream().map(BackfillState::id).filter(id -> !whole.contains(id)).forEach(open::add);
        return open;
    }

    private long next(String id, int partition, long otherwise) {
        SortedMap<Integer, Long> known = next.get(id);
        Long at = known == null ? null : known.get(partition);
        return at == null ? otherwise : at;
    }

    private static long end(BackfillState state, int partition) {
        return state.left(partition).start();
    }
}
