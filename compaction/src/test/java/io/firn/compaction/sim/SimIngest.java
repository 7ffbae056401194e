package io.firn.compaction.sim;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.StepRows;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.fold.NaiveFold.Event;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/** A process that stages what the log holds, by the real committer; a fence sends it back to the ledger. */
final class SimIngest extends SimProcess {
    private final Table staging;
    private final SimLog log;
    private final SimRows rows;
    private final Random random;
    private final TableCommitter committer;
    private final Consumer<String> happened;
    private @Nullable TableCommit pending;

    SimIngest(
            Table staging,
            SimLog log,
            SimRows rows,
            Random random,
            Lifeline life,
            long began,
            Consumer<String> happened) {
        super("ingestion", life, began);
        this.staging = staging;
        this.log = log;
        this.rows = rows;
        this.random = random;
        this.committer = new TableCommitter(staging, random, MissingLedger.REFUSE);
        this.happened = happened;
    }

    @Override
    boolean turn() {
        try {
            TableCommit commit = pending;
            if (commit == null) {
                pending = next(committer.refreshedLedger());
                return true;
            }
            CommitOutcome outcome = committer.attempt(commit);
            if (!(outcome instanceof CommitOutcome.Undecided)) {
                happened.accept(
                        outcome instanceof CommitOutcome.Committed ? "records are staged" : "staging is fenced");
                pending = null;
            }
            return true;
        } catch (FirnException failed) {
            happened.accept("ingestion fails: " + failed.code());
            return false;
        } catch (RuntimeException failed) {
            happened.accept("ingestion fails: " + failed.getClass().getSimpleName());
            return false;
        }
    }

    private @Nullable TableCommit next(Ledger ledger) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        for (SourcePartition partition : log.ends().keySet()) {
            if (ledger.next(Model.PIPELINE, partition).isEmpty()) {
                steps.put(
                        partition,
                        PartitionStep.start(log.start(partition), ledger.topicId(Model.PIPELINE, partition.topic())));
            }
        }
        if (!steps.isEmpty()) {
            return commit(List.of(), steps);
        }
        List<Event> events = new ArrayList<>();
        for (Map.Entry<SourcePartition, Long> each : log.ends().entrySet()) {
            long next = ledger.next(Model.PIPELINE, each.getKey()).orElseThrow();
            long from = Math.max(next, log.start(each.getKey()));
            long to =
                    random.nextInt(3) == 0 ? Math.min(each.getValue(), from + 1 + random.nextInt(6)) : each.getValue();
            if (to > from) {
                List<Event> read = log.records(each.getKey(), from, to);
                List<OffsetRange> gaps = from == next ? List.of() : List.of(new OffsetRange(next, from));
                steps.put(
                        each.getKey(),
                        new PartitionStep(
                                        OptionalLong.of(next),
                                        new OffsetRange(from, to),
                                        OptionalLong.empty(),
                                        gaps,
                                        new TreeMap<>())
                                .with(StepRows.added(read.size())));
                events.addAll(read);
            }
        }
        if (steps.isEmpty()) {
            return null;
        }
        Collections.shuffle(events, random);
        List<DataFile> files = new ArrayList<>();
        staging.refresh();
        int count = events.size() > 3 && random.nextInt(3) == 0 ? 2 : 1;
        for (int file = 0; file < count; file++) {
            List<Event> part = events.subList(events.size() * file / count, events.size() * (file + 1) / count);
            if (!part.isEmpty()) {
                files.add(rows.stage(staging, part));
            }
        }
        return commit(files, steps);
    }

    private TableCommit commit(List<DataFile> files, TreeMap<SourcePartition, PartitionStep> steps) {
        UUID id = new UUID(random.nextLong(), random.nextLong());
        return new TableCommit(id, Model.PIPELINE, TableCommit.Operation.APPEND, files, steps);
    }

    @Override
    void stop() {
        happened.accept("ingestion stops");
    }
}
