package io.firn.deploy.rig;

import io.firn.catalog.Tables;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.ConditionText;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.RowSettings;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobTurn;
import io.firn.compaction.merge.MergeJob;
import io.firn.compaction.merge.MergeSettings;
import io.firn.compaction.view.LatestTables;
import io.firn.compaction.view.LatestView;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;

/** The tables of an upsert pipeline, what was staged in them, and what they must show by a fold of its own. */
public final class KeyedRig {
    private static final String PIPELINE = "changes";
    private static final int PARTITIONS = 2;
    private static final int KEYS = 25;
    private static final String SCHEMA = "id long not null, v long, version long, op string";

    private record Change(
            long id,
            Optional<Long> version,
            int partition,
            long offset,
            long time,
            boolean deletes,
            boolean tombstone) {
        String place() {
            return partition + "@" + offset;
        }
    }

    private final Catalog catalog;
    private final UpsertRequest request;
    private final boolean versioned;
    private final Random random;
    private final List<Change> staged = new ArrayList<>();
    private final long[] next = new long[PARTITIONS];
    private int jitter = 20;
    private long time = 1_000;
    private int merged;

    /** @param versioned whether the column {@code version} comes before the position */
    public KeyedRig(Catalog catalog, String table, int format, boolean versioned, Random random) {
        this.catalog = catalog;
        this.versioned = versioned;
        this.random = random;
        UpsertLayout layout = new UpsertLayout(
                SchemaText.parse(SCHEMA), List.of("id"), versioned ? Optional.of("version") : Optional.empty());
        this.request = new UpsertRequest(
                table,
                layout,
                List.of("bucket(2, id)"),
                Map.of("format-version", Integer.toString(format)),
                MissingLedger.REFUSE,
                RowSettings.NONE);
    }

    /** From here on what is staged later is later by its timestamp too. */
    public KeyedRig inOrder() {
        jitter = 1;
        return this;
    }

    public String table() {
        return request.identifier();
    }

    private UpsertTables open() {
        return UpsertTables.openOrCreate(new Tables(catalog), request);
    }

    /** Records of random keys, committed as ingestion commits. */
    public void stage(int count) throws IOException {
        List<Change> changes = new ArrayList<>();
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            long from = next[partition];
            next[partition] += count;
            steps.put(
                    new SourcePartition("changes", "id-of-changes", partition),
                    new PartitionStep(
                            from == 0 ? OptionalLong.empty() : OptionalLong.of(from),
                            new OffsetRange(from, from + count),
                            OptionalLong.empty(),
                            List.of(),
                            new TreeMap<>()));
        }
        for (int i = 0; i < count; i++) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                boolean deletes = random.nextInt(5) == 0;
                boolean tombstone = deletes && random.nextBoolean();
                Optional<Long> version =
                        tombstone || random.nextInt(5) == 0 ? Optional.empty() : Optional.of((long) random.nextInt(4));
                time++;
                changes.add(new Change(
                        random.nextInt(KEYS),
                        versioned ? version : Optional.empty(),
                        partition,
                        next[partition] - count + i,
                        time + random.nextInt(jitter),
                        deletes,
                        tombstone));
            }
        }
        Table staging = open().staging();
        TableCommit commit = new TableCommit(
                UUID.randomUUID(), PIPELINE, TableCommit.Operation.APPEND, List.of(write(staging, changes)), steps);
        CommitOutcome outcome = new TableCommitter(staging, random, MissingLedger.REFUSE).attempt(commit);
        if (!(outcome instanceof CommitOutcome.Committed)) {
            throw new AssertionError("not committed: " + outcome);
        }
        staged.addAll(changes);
    }

    private org.apache.iceberg.DataFile write(Table table, List<Change> changes) throws IOException {
        DataWriter<Record> writer = Parquet.writeData(OutputFileFactory.builderFor(table, 0, 0)
                        .format(FileFormat.PARQUET)
                        .build()
                        .newOutputFile())
                .forTable(table)
                .withSpec(table.spec())
                .createWriterFunc(GenericParquetWriter::create)
                .build();
        try (writer) {
            for (Change change : changes) {
                Record record = GenericRecord.create(table.schema());
                record.setField("id", change.id());
                if (!change.tombstone()) {
                    record.setField("v", change.offset());
                    record.setField("version", change.version().orElse(null));
                    record.setField("op", change.deletes() ? "d" : "u");
                }
                record.setField("_source_topic", "changes");
                record.setField("_source_topic_id", "id-of-changes");
                record.setField("_source_partition", change.partition());
                record.setField("_source_offset", change.offset());
                record.setField(
                        "_source_timestamp",
                        Instant.ofEpochSecond(change.time()).atOffset(ZoneOffset.UTC));
                record.setField("_source_tombstone", change.tombstone());
                writer.write(record);
            }
        }
        return writer.toDataFile();
    }

    /** Everything that is staged. */
    public void merge() throws IOException {
        UpsertTables tables = open();
        MergeSettings settings = MergeSettings.defaults(Files.createTempDirectory("firn-keyed-rig"))
                .withDeleteWhen(ConditionText.parse(tables.layout().columns(), "op = 'd'"));
        MergeJob job = new MergeJob(tables, PIPELINE, settings, Clock.systemUTC(), random, JobProgress.NONE);
        while (!(job.turn() instanceof JobTurn.Ended)) {
            continue;
        }
        merged = staged.size();
    }

    /** @param engineCatalog the name by which engines know the catalog */
    public void followView(String engineCatalog) {
        followView(Optional.of(engineCatalog));
    }

    /** A view that does not say how engines call the catalog. */
    public void followView() {
        followView(Optional.empty());
    }

    private void followView(Optional<String> engineCatalog) {
        UpsertTables tables = open();
        String name = request.identifier();
        LatestTables latest = new LatestTables(
                Tables.identifier(name),
                Tables.identifier(UpsertTables.stagingName(name)),
                Tables.identifier(UpsertTables.deletesName(name)),
                tables.keyed().schema(),
                tables.layout().key(),
                tables.layout().orderBy(),
                Optional.of(ConditionText.parse(tables.layout().columns(), "op = 'd'")));
        LedgerState state = LedgerReader.read(tables.keyed());
        Ledger ledger = state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
        LatestView.in(catalog, latest, engineCatalog).orElseThrow().follow(ledger);
    }

    /** Somebody deleted the row of a key: what was merged of it counts no more. */
    public void forget(long key) {
        List<Change> left = new ArrayList<>();
        int known = 0;
        for (int i = 0; i < staged.size(); i++) {
            if (i >= merged || staged.get(i).id() != key) {
                left.add(staged.get(i));
                known += i < merged ? 1 : 0;
            }
        }
        staged.clear();
        staged.addAll(left);
        merged = known;
    }

    /** Of each key that has a row the position of its last record, by the order as it is written down. */
    public SortedMap<Long, String> latest() {
        Comparator<Change> byVersion =
                Comparator.comparing(change -> change.version().orElse(Long.MIN_VALUE));
        Comparator<Change> byPosition = Comparator.comparingLong(this::orderTime)
                .thenComparingInt(Change::partition)
                .thenComparingLong(Change::offset);
        SortedMap<Long, Change> last = new TreeMap<>();
        for (Change change : staged) {
            last.merge(
                    change.id(),
                    change,
                    (one, other) -> byVersion.thenComparing(byPosition).compare(one, other) > 0 ? one : other);
        }
        SortedMap<Long, String> rows = new TreeMap<>();
        last.forEach((key, change) -> {
            if (!change.deletes()) {
                rows.put(key, change.place());
            }
        });
        return rows;
    }

    private long orderTime(Change of) {
        return staged.stream()
                .filter(each -> each.id() == of.id()
                        && each.partition() == of.partition()
                        && each.offset() <= of.offset()
                        && each.version().equals(of.version()))
                .mapToLong(Change::time)
                .max()
                .orElseThrow();
    }

    /** As Iceberg's own reader sees the keyed table. */
    public SortedMap<Long, String> rows() throws IOException {
        SortedMap<Long, String> rows = new TreeMap<>();
        try (CloseableIterable<Record> all =
                IcebergGenerics.read(open().keyed()).build()) {
            for (Record row : all) {
                String place = row.getField("_source_partition") + "@" + row.getField("_source_offset");
                if (rows.put((Long) row.getField("id"), place) != null) {
                    throw new AssertionError("two rows of key " + row.getField("id"));
                }
            }
        }
        return rows;
    }
}
