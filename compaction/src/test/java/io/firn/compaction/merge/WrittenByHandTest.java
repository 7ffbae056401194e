package io.firn.compaction.merge;

import static io.firn.compaction.merge.MergeRig.delete;
import static io.firn.compaction.merge.MergeRig.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.compaction.JobResult.End;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows in either table that no record of Firn's is. */
final class WrittenByHandTest {
    @TempDir
    private static Path folder;

    private static Catalog catalog;

    @BeforeAll
    static void start() {
        catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    private static MergeRig rig() {
        MergeRig rig = new MergeRig(catalog, folder, false, List.of("void(id)"), 2, new Random(1));
        rig.stage(event(1, "a", 0, 0, 1), event(2, "b", 0, 1, 1), event(3, "c", 0, 2, 1), event(4, "d", 0, 3, 1));
        rig.merge();
        return rig;
    }

    @Test
    void aRowOfAKeyGivesWayToTheNextRecordOfItAndStaysWhereThereIsNone() throws IOException {
        MergeRig rig = rig();
        Table keyed = rig.open().keyed();
        keyed.newAppend()
                .appendFile(rows(keyed, keyed.schema(), "a", "x", "y", "z"))
                .commit();

        rig.stage(event(11, "a", 0, 4, 2), event(12, "x", 0, 5, 2), delete(14, "z", 0, 6, 2));
        rig.merge();

        assertThat(rig.rows()).isEqualTo(Map.of("a", 11L, "b", 2L, "c", 3L, "d", 4L, "x", 12L, "y", -1L));
        assertThat(rig.merge().end()).isEqualTo(End.NOTHING);
    }

    /** Null in its column, or no such column in the file. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStagedRecordWithoutItsKeyStopsTheMergeClearlyAndNothingIsLost(boolean lacksColumn) throws IOException {
        MergeRig rig = rig();
        Map<String, Long> before = rig.rows();
        Table staging = rig.open().staging();
        DataFile keyless = rows(staging, keyless(staging.schema(), lacksColumn), new String[] {null});
        stage(rig, staging, keyless);

        assertThatThrownBy(rig::merge).isInstanceOfSatisfying(FirnException.class, refused -> {
            assertThat(refused.code()).isEqualTo("key-null");
            assertThat(refused.kind()).isEqualTo(FirnException.Kind.USER);
            assertThat(refused).hasMessageContainingAll("'id'", "row 0 of " + keyless.location(), "remove the row");
        });
        assertThat(rig.rows()).isEqualTo(before);

        staging.refresh();
        staging.newDelete().deleteFile(keyless.location()).commit();
        assertThat(rig.merge().end()).isEqualTo(End.DONE);
        assertThat(rig.rows()).isEqualTo(before);
    }

    @Test
    void aKeyColumnThatIsGoneIsNamed() {
        MergeRig rig = rig();
        rig.stage(event(11, "a", 0, 4, 2));
        MergeJob job = rig.job(rig.settings());
        rig.open()
                .keyed()
                .updateSchema()
                .setIdentifierFields(List.of())
                .renameColumn("id", "key")
                .commit();

        assertThatThrownBy(() -> MergeRig.drive(job))
                .isInstanceOf(FirnException.class)
                .hasMessageContainingAll("the key column 'id' is gone", "restore the column");

        rig.catalog
                .open(rig.request.identifier())
                .orElseThrow()
                .updateSchema()
                .renameColumn("key", "id")
                .commit();
        rig.merge();
        rig.requireMerged(rig.staged);
    }

    /** As ingestion commits: the ledger goes past the one record. */
    private static void stage(MergeRig rig, Table staging, DataFile file) {
        TreeMap<io.firn.catalog.ledger.SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(
                MergeRig.partition(event(5, "e", 0, 4, 2)),
                PartitionStep.advance(new OffsetRange(4, 5), OptionalLong.empty()));
        new TableCommitter(staging, new Random(1), MissingLedger.REFUSE)
                .attempt(new TableCommit(
                        UUID.randomUUID(), MergeRig.PIPELINE, TableCommit.Operation.APPEND, List.of(file), steps));
        assertThat(rig.open().staging().currentSnapshot().summary()).containsKey("firn.offsets");
    }

    /** The schema with a key that may be null, or without one. */
    private static Schema keyless(Schema schema, boolean lacksColumn) {
        List<NestedField> columns = new ArrayList<>();
        for (NestedField column : schema.columns()) {
            if (!column.name().equals("id")) {
                columns.add(column);
            } else if (!lacksColumn) {
                columns.add(column.asOptional());
            }
        }
        return new Schema(columns);
    }

    /** Of those keys; nothing but an event of -1 and, in staging, a position. */
    private static DataFile rows(Table table, Schema schema, String... keys) throws IOException {
        boolean isStaging = schema.findField("_source_tombstone") != null;
        DataWriter<Record> writer = Parquet.writeData(OutputFileFactory.builderFor(table, 3, 3)
                        .format(FileFormat.PARQUET)
                        .build()
                        .newOutputFile())
                .schema(schema)
                .withSpec(org.apache.iceberg.PartitionSpec.unpartitioned())
                .createWriterFunc(GenericParquetWriter::create)
                .overwrite()
                .build();
        try (writer) {
            for (String key : keys) {
                Record record = GenericRecord.create(schema);
                if (key != null) {
                    record.setField("id", key);
                }
                record.setField("event", -1L);
                if (isStaging) {
                    record.setField("_source_topic", "orders");
                    record.setField("_source_partition", 0);
                    record.setField("_source_offset", 4L);
                }
                writer.write(record);
            }
        }
        return DataFiles.builder(table.spec())
                .copy(writer.toDataFile())
                .withPartition(
                        table.spec().isPartitioned()
                                ? GenericRecord.create(table.spec().partitionType())
                                : null)
                .build();
    }
}
