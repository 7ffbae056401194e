package io.firn.deploy.bench;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.rig.Lake;
import io.firn.ingest.RowBatchWriter;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.write.WriteSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What nobody who does the whole work can be cheaper than: {@code consume BOOTSTRAP TOPIC RECORDS} fetches and throws
 * away, {@code write SHAPE RECORDS LAKE} decodes and writes Parquet of records that are in memory already. Prints what
 * it cost and ends.
 */
final class FloorMain {
    static final String COST = "cost ";

    private static final int DISTINCT = 100_000;

    /** About what ten seconds bring. */
    private static final int RECORDS_A_COMMIT = 4_000_000;

    private FloorMain() {}

    public static void main(String[] args) throws Exception {
        long began = System.nanoTime();
        if (args[0].equals("consume")) {
            consume(args[1], args[2], Long.parseLong(args[3]));
        } else {
            write(Shape.valueOf(args[1].toUpperCase(Locale.ROOT)), Long.parseLong(args[2]), Path.of(args[3]));
        }
        ProcessFigures figures = ProcessFigures.of(ProcessHandle.current().pid());
        System.out.printf(
                Locale.ROOT,
                "%s%.3f %.2f %d%n",
                COST,
                (System.nanoTime() - began) / 1e9,
                figures.cpuSeconds(),
                figures.peakMebibytes());
    }

    private static void consume(String bootstrap, String topic, long records) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest", "max.poll.records", "5000"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(found -> new TopicPartition(topic, found.partition()))
                    .toList();
            consumer.assign(partitions);
            for (long seen = 0; seen < records; ) {
                seen += consumer.poll(Duration.ofSeconds(1)).count();
            }
        }
    }

    private static void write(Shape shape, long records, Path lake) {
        StringBuilder scratch = new StringBuilder();
        byte[][] values = new byte[DISTINCT][];
        for (int n = 0; n < DISTINCT; n++) {
            values[n] = shape.record(scratch, n);
        }
        Table table = CatalogUtil.buildIcebergCatalog(
                        "firn", Lake.sqlite(lake), new org.apache.hadoop.conf.Configuration())
                .loadTable(TableIdentifier.of(Run.NAMESPACE, Run.TABLE));
        RowBatchWriter writer =
                RowBatchWriter.create(table, DecodeSettings.defaults(), WriteSettings.defaults(UUID.randomUUID()));
        SourcePartition partition = new SourcePartition("floor", "floor", 0);
        for (long n = 0; n < records; n++) {
            byte[] value = values[(int) (n % DISTINCT)];
            writer.write(partition, n, 0, value, 0, value.length, null);
            if (n % RECORDS_A_COMMIT == RECORDS_A_COMMIT - 1) {
                writer.seal();
            }
        }
        writer.seal();
    }
}
