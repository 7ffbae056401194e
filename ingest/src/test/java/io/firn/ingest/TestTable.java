package io.firn.ingest;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.write.WriteSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.io.CloseableIterable;

/** A table in memory and what tests do with it. */
public final class TestTable {
    static final SourcePartition SOURCE = new SourcePartition("orders", "AAAAAAAAAAAAAAAAAAAAAA", 3);

    private static final TableIdentifier NAME = TableIdentifier.of("shop", "orders");

    private final InMemoryCatalog catalog;
    private final Table table;

    private TestTable(InMemoryCatalog catalog, Table table) {
        this.catalog = catalog;
        this.table = table;
    }

    public static TestTable of(Schema schema) {
        return of(schema, PartitionSpec.unpartitioned());
    }

    public static TestTable of(Schema schema, PartitionSpec spec) {
        return of(schema, spec, Map.of());
    }

    public static TestTable of(Schema schema, PartitionSpec spec, Map<String, String> properties) {
        InMemoryCatalog catalog = new InMemoryCatalog();
        catalog.initialize("memory", Map.of());
        catalog.createNamespace(Namespace.of("shop"));
        return new TestTable(catalog, catalog.createTable(NAME, schema, spec, properties));
    }

    public Table table() {
        return table;
    }

    /** A handle of its own. */
    Table reopened() {
        return catalog.loadTable(NAME);
    }

    /** This table, as the catalog has it now. */
    TestTable reread() {
        table.refresh();
        return this;
    }

    public RowBatchWriter writer() {
        return writer(DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN));
    }

    public RowBatchWriter writer(DecodeSettings decoding) {
        return RowBatchWriter.create(table, decoding, WriteSettings.defaults(UUID.randomUUID()));
    }

    public RowBatchWriter writer(WriteSettings writing) {
        return RowBatchWriter.create(table, DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN), writing);
    }

    static BatchWriter.Written write(BatchWriter writer, long offset, String json) {
        byte[] value = json.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = new byte[value.length + 7];
        System.arraycopy(value, 0, bytes, 3, value.length);
        return writer.write(SOURCE, offset, 1_700_000_000_000L + offset, bytes, 3, value.length, null);
    }

    void append(List<DataFile> files) {
        AppendFiles append = table.newAppend();
        files.forEach(append::appendFile);
        append.commit();
    }

    public List<Record> rows() {
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table).build()) {
            List<Record> all = new ArrayList<>();
            rows.forEach(all::add);
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes the records with default settings and reads them back. */
    List<Record> roundTrip(String... records) {
        RowBatchWriter writer = writer();
        for (int i = 0; i < records.length; i++) {
            write(writer, i, records[i]);
        }
        append(writer.seal().files());
        return rows();
    }
}
