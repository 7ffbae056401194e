package io.firn.ingest.bench;

import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.JsonRowDecoder;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.write.DataFileWriters;
import io.firn.ingest.write.WriteSettings;
import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.encryption.EncryptedFiles;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.parquet.Parquet;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** Rows a second on one core: decoding, writing, and both, beside the baseline. Files go to memory. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@OperationsPerInvocation(Orders.COUNT)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xmx2g", "-XX:+UseSerialGC"})
public class HotPathBenchmark {
    private final byte[][] records = Orders.records();
    private final Record[] generic = new Record[Orders.COUNT];
    private final Baseline baseline = new Baseline();
    private final RowLayout layout = RowLayout.of(Orders.SCHEMA);
    private final Row row = new Row(layout);
    private final JsonRowDecoder decoder = new JsonRowDecoder(row, DecodeSettings.defaults());
    private Table table;

    @Setup
    public void createTable() throws IOException {
        InMemoryCatalog catalog = new InMemoryCatalog();
        catalog.initialize("memory", Map.of());
        catalog.createNamespace(Namespace.of("shop"));
        table = catalog.createTable(
                TableIdentifier.of("shop", "orders"), Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of());
        for (int i = 0; i < Orders.COUNT; i++) {
            generic[i] = baseline.decode(records[i]);
        }
    }

    @Benchmark
    public void decodeFirn(Blackhole hole) {
        for (byte[] record : records) {
            decoder.decode(record, 0, record.length);
            hole.consume(row);
        }
    }

    @Benchmark
    public void decodeBaseline(Blackhole hole) throws IOException {
        for (byte[] record : records) {
            hole.consume(baseline.decode(record));
        }
    }

    @Benchmark
    public void writeFirn() {
        DataFileWriters writers = new DataFileWriters(table, row, WriteSettings.defaults(UUID.randomUUID()));
        decoder.decode(records[0], 0, records[0].length);
        for (int i = 0; i < Orders.COUNT; i++) {
            writers.write(records[0].length);
        }
        writers.discard();
    }

    @Benchmark
    public void writeBaseline() throws IOException {
        DataWriter<Record> writer = genericWriter();
        for (Record record : generic) {
            writer.write(record);
        }
        writer.close();
        table.io().deleteFile(writer.toDataFile().location());
    }

    @Benchmark
    public void bothFirn() {
        DataFileWriters writers = new DataFileWriters(table, row, WriteSettings.defaults(UUID.randomUUID()));
        for (byte[] record : records) {
            decoder.decode(record, 0, record.length);
            writers.write(record.length);
        }
        writers.discard();
    }

    @Benchmark
    public void bothBaseline() throws IOException {
        DataWriter<Record> writer = genericWriter();
        for (byte[] record : records) {
            writer.write(baseline.decode(record));
        }
        writer.close();
        table.io().deleteFile(writer.toDataFile().location());
    }

    private DataWriter<Record> genericWriter() throws IOException {
        return Parquet.writeData(EncryptedFiles.plainAsEncryptedOutput(
                        table.io().newOutputFile("memory://" + UUID.randomUUID() + ".parquet")))
                .forTable(table)
                .withSpec(table.spec())
                .createWriterFunc(GenericParquetWriter::create)
                .build();
    }
}
