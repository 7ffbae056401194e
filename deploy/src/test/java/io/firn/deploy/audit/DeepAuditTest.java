package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.parquet.DisagreeingFile;
import io.firn.catalog.schema.SchemaText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.GenericFileWriterFactory;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.FileAppender;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.OutputFileFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeepAuditTest {
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void filesAndDeletesThatAreWholeAreClean(int formatVersion) throws IOException {
        Table table = table(formatVersion);
        DataFile file = append(table, 100);
        delete(table, file, formatVersion);
        DeepReport report = run(table);
        assertThat(text(report))
                .contains("1 data files, 1 delete files, 100 rows")
                .contains("Clean");
        assertThat(report.isClean()).isTrue();
    }

    @Test
    void theFileOfADecoderThatLostCountIsNamedWithColumnAndRowGroup() {
        Table table = table(2);
        append(table, 10);
        String damaged = appendDamaged(table);
        DeepReport report = run(table);
        assertThat(report.isClean()).isFalse();
        assertThat(text(report))
                .contains("DIFFERENCE file " + damaged
                        + ": row group 0: column l.list.element.b has 7 entries, column l.list.element.a 8 for 4 rows")
                .contains("Differences found");
        AuditReport whole = AuditReport.empty("orders", "shop.orders").with(report);
        assertThat(whole.isClean()).isFalse();
        assertThat(whole.json())
                .contains("\"clean\":false", "\"rowGroup\":0,\"column\":\"l.list.element.b\",\"what\":\"has 7 entries");
    }

    @Test
    void aFileThatIsGoneIsNamed() {
        Table table = table(2);
        DataFile file = append(table, 10);
        table.io().deleteFile(file.location());
        assertThat(text(run(table))).contains(file.location() + ": the file does not exist");
    }

    @Test
    void aFileOfASnapshotThatExpiredMeanwhileIsNoDamage() {
        Table table = table(2);
        DataFile file = append(table, 10);
        long snapshot = table.currentSnapshot().snapshotId();
        DeepAudit audit = new DeepAudit(table, snapshot, Progress.silent());
        table.newDelete().deleteFile(file).commit();
        table.expireSnapshots().expireSnapshotId(snapshot).commit();
        assertThatThrownBy(audit::run).isInstanceOf(FirnException.class).hasMessageContaining("expired while");
    }

    @Test
    void readingCanBeEnded() {
        Table table = table(2);
        append(table, 10);
        Progress progress = Progress.told(Clock.systemUTC(), Duration.ZERO, (work, unit, done, total) -> {
            throw new CancellationException("enough");
        });
        DeepAudit audit = new DeepAudit(table, table.currentSnapshot().snapshotId(), progress);
        assertThatThrownBy(audit::run).isInstanceOf(CancellationException.class);
    }

    @Test
    void anAuditSaysWhatItDidNotLookAt() {
        AuditReport plain = AuditReport.empty("orders", "shop.orders");
        assertThat(text(plain)).contains("Not checked: columns other than the source columns (--deep reads them); ");
        assertThat(plain.json()).contains("\"notChecked\":[\"columns other than the source columns");
        AuditReport deep = plain.with(run(appended()));
        assertThat(text(deep)).contains("Not checked: whether values are those of the records; ");
    }

    private static Table appended() {
        Table table = table(2);
        append(table, 1);
        return table;
    }

    private static DeepReport run(Table table) {
        return new DeepAudit(table, table.currentSnapshot().snapshotId(), Progress.silent()).run();
    }

    private static String text(DeepReport report) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        report.print(out);
        out.flush();
        return text.toString();
    }

    private static String text(AuditReport report) {
        StringWriter text = new StringWriter();
        report.print(new PrintWriter(text));
        return text.toString();
    }

    private static Table table(int formatVersion) {
        InMemoryCatalog catalog = new InMemoryCatalog();
        catalog.initialize("memory", Map.of());
        catalog.createNamespace(Namespace.of("shop"));
        return catalog.createTable(
                TableIdentifier.of("shop", "orders"),
                SchemaText.parse("l list<struct<a long, b long>>"),
                PartitionSpec.unpartitioned(),
                Map.of("format-version", Integer.toString(formatVersion)));
    }

    private static DataFile append(Table table, int rows) {
        GenericRecord element = GenericRecord.create(
                table.schema().findType("l").asListType().elementType().asStructType());
        GenericRecord row = GenericRecord.create(table.schema());
        DataWriter<Record> writer = writers(table)
                .newDataWriter(OutputFileFactory.builderFor(table, 0, 0).build().newOutputFile(), table.spec(), null);
        try (writer) {
            for (int i = 0; i < rows; i++) {
                writer.write(row.copy(Map.of("l", List.of(element.copy(Map.of("a", (long) i))))));
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        table.newAppend().appendFile(writer.toDataFile()).commit();
        return writer.toDataFile();
    }

    private static String appendDamaged(Table table) {
        OutputFile file = table.io().newOutputFile(table.locationProvider().newDataLocation(UUID.randomUUID() + ""));
        FileAppender<Integer> written = DisagreeingFile.write(table.schema(), file);
        table.newAppend()
                .appendFile(DataFiles.builder(table.spec())
                        .withPath(file.location())
                        .withFormat(FileFormat.PARQUET)
                        .withFileSizeInBytes(written.length())
                        .withMetrics(written.metrics())
                        .build())
                .commit();
        return file.location();
    }

    private static void delete(Table table, DataFile file, int formatVersion) throws IOException {
        if (formatVersion < 3) {
            PositionDeleteWriter<Record> writer = writers(table)
                    .newPositionDeleteWriter(
                            OutputFileFactory.builderFor(table, 1, 1).build().newOutputFile(), table.spec(), null);
            try (writer) {
                writer.write(PositionDelete.<Record>create().set(file.location(), 3));
            }
            table.newRowDelta().addDeletes(writer.toDeleteFile()).commit();
            return;
        }
        BaseDVFileWriter writer = new BaseDVFileWriter(
                OutputFileFactory.builderFor(table, 1, 1)
                        .format(FileFormat.PUFFIN)
                        .build(),
                location -> null);
        try (writer) {
            writer.delete(file.location(), 3, table.spec(), null);
        }
        writer.result()
                .deleteFiles()
                .forEach(vector -> table.newRowDelta().addDeletes(vector).commit());
    }

    private static GenericFileWriterFactory writers(Table table) {
        return new GenericFileWriterFactory.Builder(table)
                .dataFileFormat(FileFormat.PARQUET)
                .deleteFileFormat(FileFormat.PARQUET)
                .build();
    }
}
