package io.firn.deploy.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.deploy.Service;
import io.firn.deploy.rig.Lake;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.GenericFileWriterFactory;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows by a table's head against rows that a reader gets, with deletes of both kinds in real files. */
final class TableHeadTest {
    private static final Schema SCHEMA = new Schema(Types.NestedField.required(1, "id", Types.LongType.get()));

    @TempDir
    private Path folder;

    private Catalog catalog;
    private Table table;
    private OutputFileFactory files;

    @BeforeEach
    void openCatalog() throws IOException {
        Files.createDirectories(folder.resolve("warehouse"));
        catalog = Catalogs.openLazily(Lake.sqlite(folder));
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
        create(2);
    }

    private void create(int format) {
        table = catalog.createTable(
                TableIdentifier.of("shop", "orders_" + format),
                SCHEMA,
                PartitionSpec.unpartitioned(),
                Map.of("format-version", Integer.toString(format)));
        files = OutputFileFactory.builderFor(table, 1, 1)
                .format(FileFormat.PARQUET)
                .build();
    }

    @AfterEach
    void close() {
        Service.close(catalog);
    }

    @Test
    void positionDeletesOfFirnAreCountedExactly() {
        DataFile rows = append(0, 10);
        append(10, 15);
        commitOfFirn(table.newRowDelta().addDeletes(positions(rows, 1, 2)));
        commitOfFirn(table.newRowDelta().addDeletes(positions(rows, 7)));
        rowsAreKnown(12);
        append(15, 20);
        rowsAreKnown(17);
    }

    @Test
    void equalityDeletesMakeTheNumberUnknown() {
        DataFile rows = append(0, 10);
        commitOfFirn(table.newRowDelta().addDeletes(positions(rows, 1)));
        DeleteFile byValue = equality(1, 3, 77);
        table.newRowDelta().addDeletes(byValue).commit();
        rowsAreUnknown(10, 8);
    }

    @Test
    void rowThatAnotherEngineDeletesTwiceMakesTheNumberUnknown() {
        DataFile rows = append(0, 10);
        table.newRowDelta().addDeletes(positions(rows, 1, 2)).commit();
        table.newRowDelta().addDeletes(positions(rows, 2, 3)).commit();
        rowsAreUnknown(10, 7);
    }

    @Test
    void deletesThatAnotherEngineLeavesBehindMakeTheNumberUnknownUntilTheyAreGone() {
        append(10, 11); // an older file keeps Iceberg from dropping the deletes by their age
        DataFile rows = append(0, 10);
        DeleteFile deletes = positions(rows, 1, 2);
        commitOfFirn(table.newRowDelta().addDeletes(deletes));
        rewrite(rows, data(100, 108));
        rowsAreUnknown(9, 9);

        commitOfFirn(table.newRowDelta().removeDeletes(deletes));
        rowsAreKnown(9);
    }

    @Test
    void deletionVectorsOfAnyEngineAreCountedExactly() throws IOException {
        create(3);
        DataFile rows = append(0, 10);
        append(10, 11);
        table.newRowDelta().addDeletes(vector(rows, 1, 2)).commit();
        rowsAreKnown(9);
        rewrite(rows, data(100, 108));
        rowsAreKnown(9);
    }

    private void rowsAreKnown(long expected) {
        assertThat(read()).isEqualTo(expected);
        assertThat(TableHead.of(table, Instant.EPOCH).rows()).hasValue(expected);
    }

    private void rowsAreUnknown(long atMost, long expected) {
        assertThat(read()).isEqualTo(expected);
        TableHead head = TableHead.of(table, Instant.EPOCH);
        assertThat(head.rows()).isEmpty();
        assertThat(head.rowsAtMost()).hasValue(atMost);
    }

    private long read() {
        table.refresh();
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table).build()) {
            long count = 0;
            for (Record ignored : rows) {
                count++;
            }
            return count;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private DataFile append(long from, long to) {
        DataFile file = data(from, to);
        table.newAppend().appendFile(file).commit();
        return file;
    }

    /** As another engine compacts a file with deletes. */
    private void rewrite(DataFile old, DataFile by) {
        table.newRewrite()
                .validateFromSnapshot(table.currentSnapshot().snapshotId())
                .deleteFile(old)
                .addFile(by)
                .commit();
    }

    private static void commitOfFirn(RowDelta delta) {
        delta.set("firn.operation", "merge").commit();
    }

    private DataFile data(long from, long to) {
        DataWriter<Record> writer = new GenericFileWriterFactory.Builder(table)
                .dataFileFormat(FileFormat.PARQUET)
                .build()
                .newDataWriter(files.newOutputFile(), table.spec(), null);
        try (writer) {
            LongStream.range(from, to).mapToObj(TableHeadTest::row).forEach(writer::write);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return writer.toDataFile();
    }

    private DeleteFile positions(DataFile of, long... positions) {
        PositionDeleteWriter<Record> writer = new GenericFileWriterFactory.Builder(table)
                .deleteFileFormat(FileFormat.PARQUET)
                .build()
                .newPositionDeleteWriter(files.newOutputFile(), table.spec(), null);
        try (writer) {
            for (long position : positions) {
                writer.write(PositionDelete.<Record>create().set(of.location(), position));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return writer.toDeleteFile();
    }

    private DeleteFile equality(long... ids) {
        EqualityDeleteWriter<Record> writer = new GenericFileWriterFactory.Builder(table)
                .deleteFileFormat(FileFormat.PARQUET)
                .equalityFieldIds(new int[] {1})
                .equalityDeleteRowSchema(SCHEMA)
                .build()
                .newEqualityDeleteWriter(files.newOutputFile(), table.spec(), null);
        try (writer) {
            LongStream.of(ids).mapToObj(TableHeadTest::row).forEach(writer::write);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return writer.toDeleteFile();
    }

    private DeleteFile vector(DataFile of, long... positions) throws IOException {
        BaseDVFileWriter writer = new BaseDVFileWriter(
                OutputFileFactory.builderFor(table, 2, 2)
                        .format(FileFormat.PUFFIN)
                        .build(),
                path -> null);
        try (writer) {
            for (long position : positions) {
                writer.delete(of.location(), position, table.spec(), null);
            }
        }
        return writer.result().deleteFiles().get(0);
    }

    private static Record row(long id) {
        Record row = GenericRecord.create(SCHEMA);
        row.setField("id", id);
        return row;
    }
}
