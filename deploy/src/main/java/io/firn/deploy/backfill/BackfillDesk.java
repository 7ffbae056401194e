package io.firn.deploy.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.backfill.KnownBackfills;
import io.firn.deploy.config.NearestKey;
import io.firn.deploy.config.PipelineConfig;
import io.firn.ingest.backfill.BackfillRequest;
import io.firn.ingest.backfill.BackfillRequests;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.record.SpanSource;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.iceberg.Table;

/** Takes requests for backfills, shows them and ends them. The tables hold them, not this process. For any thread. */
public final class BackfillDesk {
    /** One backfill, and where it is. */
    public record Entry(String table, BackfillState state) {}

    /** A table property that should be the state of a backfill and is none. */
    public record Unreadable(String table, String property, String problem) {}

    /** All backfills, and what hides others. */
    public record Listing(List<Entry> entries, List<Unreadable> unreadable) {
        public Listing {
            entries = List.copyOf(entries);
            unreadable = List.copyOf(unreadable);
        }
    }

    private final SortedMap<String, PipelineConfig> pipelines;
    private final BackfillParts parts;
    private final Clock clock;
    private final Supplier<? extends RandomGenerator> randoms;
    private final Runnable accepted;

    /** @param accepted is called after there is something to do */
    public BackfillDesk(
            Map<String, PipelineConfig> pipelines,
            BackfillParts parts,
            Clock clock,
            Supplier<? extends RandomGenerator> randoms,
            Runnable accepted) {
        this.pipelines = new TreeMap<>(pipelines);
        this.parts = parts;
        this.clock = clock;
        this.randoms = randoms;
        this.accepted = accepted;
    }

    /**
     * The topic that is meant where none is named.
     *
     * @throws FirnException {@code pipeline-unknown}; {@code topic-unclear}
     */
    public String onlyTopic(String pipeline) {
        List<String> topics = List.copyOf(pipeline(pipeline).topics().names());
        if (topics.size() != 1) {
            throw FirnException.user(
                    "topic-unclear",
                    "the pipeline has not exactly one topic by name",
                    "pipeline " + pipeline + ", topics " + topics,
                    "name the topic");
        }
        return topics.get(0);
    }

    /** @throws FirnException where it cannot be done, or Kafka or the catalog do not answer */
    public Entry start(BackfillRequest request) {
        PipelineConfig pipeline = pipeline(request.pipeline());
        Table table = parts.table(pipeline);
        BackfillTask task = resolve(request, pipeline, table);
        BackfillState state = backfills(table).accept(task);
        accepted.run();
        return new Entry(pipeline.table(), state);
    }

    /**
     * Returns what {@link #start} would begin, and begins nothing.
     *
     * @throws FirnException as {@link #start}
     */
    public BackfillTask plan(BackfillRequest request) {
        PipelineConfig pipeline = pipeline(request.pipeline());
        return resolve(request, pipeline, parts.table(pipeline));
    }

    private BackfillTask resolve(BackfillRequest request, PipelineConfig pipeline, Table table) {
        requireNoMerge(pipeline, request);
        try (KafkaSources sources = parts.sources(request.pipeline(), pipeline);
                SpanSource source = sources.spans()) {
            return new BackfillRequests(table, source).resolve(request, clock.instant());
        }
    }

    private static void requireNoMerge(PipelineConfig pipeline, BackfillRequest request) {
        if (request.branch().isPresent() && !pipeline.ingestTable().equals(pipeline.table())) {
            throw FirnException.user(
                    "branch-unsupported",
                    "a pipeline with mode upsert has no backfills on a branch: rows on a branch of the staging table"
                            + " are not merged, so nobody would see the keyed rows before they are published",
                    "pipeline " + request.pipeline() + ", body.branch",
                    "leave it out: then the merge takes the span in when the backfill has ended");
        }
    }

    /** Returns all that the tables know of, the one that was asked for last first. */
    public Listing list() {
        List<Entry> all = new ArrayList<>();
        List<Unreadable> unreadable = new ArrayList<>();
        for (PipelineConfig pipeline : byTable().values()) {
            table(pipeline).ifPresent(table -> {
                table.refresh();
                KnownBackfills known = Backfills.known(table);
                known.states().forEach(state -> all.add(new Entry(pipeline.table(), state)));
                known.unreadable()
                        .forEach(each ->
                                unreadable.add(new Unreadable(pipeline.table(), each.property(), each.problem())));
            });
        }
        all.sort(Comparator.comparing((Entry entry) -> entry.state().task().requestedAt())
                .reversed());
        return new Listing(all, unreadable);
    }

    /** @throws FirnException {@code backfill-unknown} */
    public Entry find(String id) {
        for (PipelineConfig pipeline : byTable().values()) {
            Optional<BackfillState> found =
                    table(pipeline).flatMap(table -> backfills(table).find(id));
            if (found.isPresent()) {
                return new Entry(pipeline.table(), found.get());
            }
        }
        throw Backfills.unknown(id);
    }

    /** @throws FirnException as {@link Backfills#cancel} */
    public Entry cancel(String id, String by) {
        return change(id, backfills -> backfills.cancel(id, by));
    }

    /** @throws FirnException as {@link Backfills#publish} */
    public Entry publish(String id) {
        Entry entry = change(id, backfills -> backfills.publish(id));
        accepted.run();
        return entry;
    }

    private Entry change(String id, Function<Backfills, BackfillState> changed) {
        for (PipelineConfig pipeline : byTable().values()) {
            Optional<Backfills> backfills = table(pipeline).map(this::backfills).filter(each -> each.find(id)
                    .isPresent());
            if (backfills.isPresent()) {
                return new Entry(pipeline.table(), changed.apply(backfills.get()));
            }
        }
        throw Backfills.unknown(id);
    }

    /** A pipeline whose table is not there has no backfills, and does not hide those of the others. */
    private Optional<Table> table(PipelineConfig pipeline) {
        try {
            return Optional.of(parts.table(pipeline));
        } catch (FirnException missing) {
            if (missing.code().equals("table-missing")) {
                return Optional.empty();
            }
            throw missing;
        }
    }

    private Backfills backfills(Table table) {
        return new Backfills(table, randoms.get(), clock);
    }

    private Map<String, PipelineConfig> byTable() {
        Map<String, PipelineConfig> tables = new TreeMap<>();
        pipelines.values().forEach(pipeline -> tables.putIfAbsent(pipeline.ingestTable(), pipeline));
        return tables;
    }

    private PipelineConfig pipeline(String name) {
        PipelineConfig pipeline = pipelines.get(name);
        if (pipeline == null) {
            throw FirnException.user(
                    "pipeline-unknown",
                    "there is no pipeline " + name,
                    "pipelines: " + String.join(", ", pipelines.keySet()),
                    NearestKey.hint(name, pipelines.keySet()) + "use one of these names");
        }
        return pipeline;
    }
}
