package io.firn.compaction.merge;

import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.fold.Sources;
import io.firn.compaction.fold.SpillingFold;
import io.firn.compaction.fold.WinnerTable;
import io.firn.compaction.merge.StepProof.Proven;
import io.firn.compaction.scan.FileScans;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/**
 * One plan carried out up to its commit: what is staged is folded, held against one snapshot of the keyed table, and
 * written. Holds what the steps share; {@link MergeJob} tells their order.
 */
final class MergePass implements AutoCloseable {
    /** Half of the memory for the fold; the other half is for matches, positions and readers, later for writers. */
    private static final int FOLD_SHARE = 2;

    final MergePlan plan;
    final Counts counts = new Counts();
    final Verdict verdict = new Verdict();
    final UUID id;
    final @Nullable Snapshot keyedSnapshot;

    private final UpsertTables tables;
    private final UpsertLayout layout;
    private final MergeSettings settings;
    private final KeyCodec codec;
    private final Sources sources = new Sources();
    private final SpillingFold fold;
    private final RestagedRows restaged;
    private final StagedRows staged;
    private final StepProof proof;
    private @Nullable Proven proven;
    private final Pointers matchedBefore;
    private @Nullable MergeOutput output;

    /** @param matchedBefore staged rows of keys that had a row when an earlier pass over the same plan looked */
    MergePass(
            MergePlan plan,
            UpsertTables tables,
            String pipeline,
            MergeSettings settings,
            UUID id,
            Pointers matchedBefore) {
        this.plan = plan;
        this.tables = tables;
        this.layout = tables.layout();
        this.settings = settings;
        this.id = id;
        this.matchedBefore = matchedBefore;
        this.keyedSnapshot = tables.keyed().currentSnapshot();
        this.codec = new KeyCodec(keyColumns());
        SpillingFold.Affinity affinity = KeyPartitions.of(
                        tables.keyed().spec(), tables.keyed().schema(), codec, layout.key())
                .<SpillingFold.Affinity>map(byKey -> byKey)
                .orElse(new NoAffinity());
        this.fold = new SpillingFold(
                sources,
                layout.orderBy().isPresent(),
                settings.memoryBytes() / FOLD_SHARE,
                settings.folder().resolve("merge-" + id),
                affinity);
        this.restaged = new RestagedRows(plan.restaged(), sources);
        this.proof = new StepProof(plan, sources, pipeline, tables.keyed().name(), settings.accepted());
        this.staged = new StagedRows(
                plan,
                tables.staging(),
                columns(tables.staging(), StagedRows.timestampColumn()),
                settings.deleteWhen(),
                fold,
                sources,
                restaged,
                proof,
                counts);
    }

    StagedRows staged() {
        return staged;
    }

    /**
     * Proves the step once all that is staged was read.
     *
     * @return false if the step has to be cut elsewhere
     * @throws io.firn.catalog.FirnException {@code staged-rows-missing}
     */
    boolean prove() {
        proof.check().ifPresent(done -> {
            proven = done;
            counts.unproven = done.unproven();
        });
        return proven != null;
    }

    /** How many deletes are known now, this pass's own included once they are committed. */
    Optional<KnownDeletes> knownDeletes() {
        return KnownDeletes.in(tables.deletes());
    }

    /** What the proof has found to be missing. */
    Optional<UnstagedRecords> unstaged() {
        return proof.unstaged();
    }

    /** The steps of the keyed table's ledger, proven. */
    SortedMap<SourcePartition, PartitionStep> steps() {
        return Objects.requireNonNull(proven, "the step is not proven").steps();
    }

    /** Records that were written to disk because they did not fit the memory. */
    long spilled() {
        return fold.spilled();
    }

    /** A probe of the next keys that fit the memory, or null when all were probed. */
    @Nullable
    Probe nextProbe() {
        WinnerTable keys = fold.nextPart();
        if (keys == null) {
            return null;
        }
        Expression bounds = KeyBounds.of(keys, codec, keyColumns().get(0));
        return new Probe(
                keys,
                side(tables.keyed(), keyedSnapshot, keys, bounds),
                side(tables.deletes(), tables.deletes().currentSnapshot(), keys, bounds),
                new KnownRecords(
                        plan.restaged(),
                        restaged,
                        new FileScans(tables.staging()),
                        columns(tables.staging(), StagedRows.timestampColumn())),
                bounds,
                matchedBefore,
                verdict,
                counts);
    }

    /** Once everything was probed. */
    MergeOutput output() {
        MergeOutput current = output;
        if (current == null) {
            current = new MergeOutput(plan, tables, verdict, settings, id);
            output = current;
        }
        return current;
    }

    /** Removes spill files and lets go of open ones. */
    @Override
    public void close() {
        fold.close();
        if (output != null) {
            output.abandon();
        }
    }

    private Probe.Side side(Table table, @Nullable Snapshot snapshot, WinnerTable keys, Expression bounds) {
        List<KeyedPlan.ProbedFile> files = snapshot == null
                ? List.of()
                : KeyedPlan.files(table, snapshot.snapshotId(), layout, codec, keys, bounds);
        return new Probe.Side(
                new FileScans(table),
                columns(table, UpsertColumns.ORDER_TIMESTAMP),
                new Age(table.schema(), layout, staged.earliest()),
                files);
    }

    private RecordColumns columns(Table table, String timestamp) {
        return new RecordColumns(table, layout, codec, sources, timestamp);
    }

    private List<NestedField> keyColumns() {
        return layout.key().stream()
                .map(name -> Optional.ofNullable(
                                tables.keyed().schema().asStruct().field(name))
                        .orElseThrow(() -> io.firn.catalog.FirnException.user(
                                "schema-mismatch",
                                "the key column '" + name + "' is gone",
                                "table " + tables.keyed().name(),
                                "restore the column")))
                .toList();
    }

    private static final class NoAffinity implements SpillingFold.Affinity {
        @Override
        public int of(io.firn.compaction.fold.KeyBuffer key) {
            return 0;
        }

        @Override
        public int count() {
            return 1;
        }
    }
}
