package io.firn.ingest.commit;

import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.FileSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.iceberg.DataFile;

/** The contributions of one tick on their way to one commit; at most one of each worker. */
final class Batch {
    private final long number;
    private final long openedMillis;
    private final SortedMap<Integer, Contribution> contributions = new TreeMap<>();
    private final SortedMap<SourcePartition, PartitionStep> starts = new TreeMap<>();
    private boolean urgent;

    Batch(long number, long openedMillis) {
        this.number = number;
        this.openedMillis = openedMillis;
    }

    long number() {
        return number;
    }

    boolean holds(int worker) {
        return contributions.containsKey(worker);
    }

    /** Whether a partition of it is in the batch already, handed over by another worker. */
    boolean overlaps(Contribution contribution) {
        return contributions.values().stream()
                .anyMatch(part -> part.steps().keySet().stream().anyMatch(contribution.steps()::containsKey));
    }

    void add(int worker, Contribution contribution) {
        contributions.put(worker, contribution);
    }

    void addStarts(Map<SourcePartition, PartitionStep> more) {
        starts.putAll(more);
    }

    void hurry() {
        urgent = true;
    }

    /** All have handed in, or it cannot wait for those who have not. */
    boolean ready(Set<Integer> workers, long nowMillis, long graceMillis) {
        return !contributions.isEmpty()
                && (urgent || contributions.keySet().containsAll(workers) || nowMillis - openedMillis >= graceMillis);
    }

    /** Every worker missed it. */
    boolean ignored(long nowMillis, long graceMillis) {
        return contributions.isEmpty() && starts.isEmpty() && nowMillis - openedMillis >= graceMillis;
    }

    boolean moves() {
        return !starts.isEmpty() || contributions.values().stream().anyMatch(Contribution::moves);
    }

    boolean hasSteps() {
        return contributions.values().stream().anyMatch(part -> !part.steps().isEmpty());
    }

    List<DataFile> files() {
        List<DataFile> files = new ArrayList<>();
        contributions.values().forEach(part -> files.addAll(part.files()));
        return files;
    }

    /** The commit that moves the ledger from the pipeline's earlier name and does nothing else. */
    TableCommit move(UUID id, CommitGroup.Plan plan) {
        return new TableCommit(
                id, plan.pipeline(), TableCommit.Operation.RENAME, List.of(), new TreeMap<>(), plan.claim());
    }

    TableCommit commit(UUID id, CommitGroup.Plan plan) {
        List<DataFile> files = files();
        SortedMap<SourcePartition, PartitionStep> steps = new TreeMap<>(starts);
        contributions.values().forEach(part -> steps.putAll(part.steps()));
        TableCommit.Operation operation =
                files.isEmpty() ? TableCommit.Operation.HEARTBEAT : TableCommit.Operation.APPEND;
        return new TableCommit(
                id, plan.pipeline(), operation, files, steps, plan.claim().withoutMove(), schemas());
    }

    /** Also without files: records that were counted and became no rows were judged by the schema. */
    private List<FileSchema> schemas() {
        return contributions.values().stream()
                .filter(Contribution::moves)
                .map(part -> part.sealed().schema())
                .toList();
    }

    Map<SourcePartition, Long> rows() {
        return contributions.values().stream()
                .flatMap(part -> part.rows().entrySet().stream())
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, Long::sum));
    }

    /** By worker: where its partitions go on once this is committed. */
    Map<Integer, Map<SourcePartition, Long>> nextByWorker() {
        Map<Integer, Map<SourcePartition, Long>> next = new TreeMap<>();
        contributions.forEach((worker, part) -> {
            Map<SourcePartition, Long> ends = new TreeMap<>();
            part.steps()
                    .forEach((partition, step) ->
                            ends.put(partition, step.range().end()));
            next.put(worker, ends);
        });
        return next;
    }
}
