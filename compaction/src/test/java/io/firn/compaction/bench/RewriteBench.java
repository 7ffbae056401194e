package io.firn.compaction.bench;

import io.firn.compaction.Job;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.TestLake;
import io.firn.compaction.rewrite.RewriteJob;
import io.firn.compaction.rewrite.RewriteSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/**
 * Small files to large ones, as GOALS measures it: {@code make DIR FILES ROWS DISTINCT} writes a table (so
 * many of the files are written, the others are copies of them), {@code run DIR TARGET}
 * rewrites it in a process of its own and says what that took. {@code -Dfirn.bench.slow=true} takes the way row by row:
 * a sort order keeps pages from being copied.
 */
public final class RewriteBench {
    private static final Schema SCHEMA = new Schema(
            NestedField.required(1, "order_id", Types.StringType.get()),
            NestedField.optional(2, "customer_id", Types.LongType.get()),
            NestedField.optional(3, "status", Types.StringType.get()),
            NestedField.optional(4, "amount", Types.DecimalType.of(10, 2)),
            NestedField.optional(5, "placed_at", Types.TimestampType.withZone()),
            NestedField.optional(6, "note", Types.StringType.get()),
            NestedField.optional(7, "_source_topic", Types.StringType.get()),
            NestedField.optional(8, "_source_partition", Types.IntegerType.get()),
            NestedField.optional(9, "_source_offset", Types.LongType.get()),
            NestedField.optional(10, "_source_timestamp", Types.TimestampType.withZone()));

    private static final List<String> STATUSES = List.of("new", "paid", "packed", "sent", "delivered", "returned");

    private RewriteBench() {}

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[1]);
        if (args[0].equals("make")) {
            make(dir, Integer.parseInt(args[2]), Integer.parseInt(args[3]), Integer.parseInt(args[4]));
        } else {
            run(dir, Long.parseLong(args[2]));
        }
    }

    private static void make(Path dir, int files, int rows, int distinct) throws IOException {
        Files.createDirectories(dir);
        try (TestLake lake = new TestLake(dir)) {
            Table table = lake.create(
                    "orders",
                    SCHEMA,
                    PartitionSpec.unpartitioned(),
                    Map.of("format-version", "2", "write.parquet.compression-codec", "zstd"));
            Random random = new Random(1);
            AppendFiles append = table.newAppend();
            long bytes = 0;
            List<DataFile> written = new ArrayList<>();
            for (int file = 0; file < files; file++) {
                DataFile made = file < distinct
                        ? file(table, (long) file * rows, rows, random)
                        : copy(table, written.get(file % distinct));
                written.add(made);
                bytes += made.fileSizeInBytes();
                append.appendFile(made);
            }
            append.set("firn.offsets", "{}").commit();
            System.out.println("made " + files + " files, " + bytes + " bytes, " + (long) files * rows + " rows");
        }
    }

    private static DataFile file(Table table, long first, int rows, Random random) throws IOException {
        DataWriter<GenericRecord> writer = Parquet.writeData(table.io()
                        .newOutputFile(table.locationProvider().newDataLocation(UUID.randomUUID() + ".parquet")))
                .forTable(table)
                .withSpec(table.spec())
                .createWriterFunc(type -> GenericParquetWriter.create(table.schema(), type))
                .build();
        OffsetDateTime begin = OffsetDateTime.ofInstant(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);
        try (writer) {
            GenericRecord row = GenericRecord.create(table.schema());
            for (long offset = first; offset < first + rows; offset++) {
                row.setField("order_id", Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong()));
                row.setField("customer_id", (long) random.nextInt(1_000_000));
                row.setField("status", STATUSES.get(random.nextInt(STATUSES.size())));
                row.setField("amount", java.math.BigDecimal.valueOf(random.nextInt(10_000_000), 2));
                row.setField("placed_at", begin.plusNanos(offset * 50_000_000L + random.nextInt(1_000) * 1_000L));
                row.setField(
                        "note",
                        random.nextInt(10) == 0
                                ? null
                                : "note " + Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong()));
                row.setField("_source_topic", "orders");
                row.setField("_source_partition", (int) (offset / rows % 4));
                row.setField("_source_offset", offset);
                row.setField("_source_timestamp", begin.plusNanos(offset * 50_000_000L));
                writer.write(row);
            }
        }
        return writer.toDataFile();
    }

    private static DataFile copy(Table table, DataFile file) throws IOException {
        String location = table.locationProvider().newDataLocation(UUID.randomUUID() + ".parquet");
        try (InputStream in = table.io().newInputFile(file).newStream();
                OutputStream out = table.io().newOutputFile(location).create()) {
            in.transferTo(out);
        }
        return DataFiles.builder(table.spec()).copy(file).withPath(location).build();
    }

    private static void run(Path dir, long target) throws IOException {
        List<String> phases = new ArrayList<>();
        JobProgress progress = report -> {
            if (report.done().equals(report.total())) {
                phases.add(report.phase() + " " + report.done().files());
            }
        };
        try (TestLake lake = new TestLake(dir)) {
            Table table = lake.open("orders");
            if (Boolean.getBoolean("firn.bench.slow")) {
                table.replaceSortOrder().asc("_source_offset").commit();
            }
            JobContext context = new JobContext(table, Clock.systemUTC(), new SecureRandom(), progress, lake.scratch());
            Instant began = Instant.now();
            Job job = new RewriteJob(context, RewriteSettings.target(target));
            JobResult result = TestLake.run(job);
            TreeMap<String, Object> figures = new TreeMap<>();
            figures.put("end", result.end() + " " + result.reason());
            figures.put("before", result.before());
            figures.put("after", result.after());
            figures.put("commits", result.snapshots().size());
            figures.put("cpu-seconds of the process", ProcessCost.cpuSeconds());
            figures.put("cpu-seconds by threads", ProcessCost.cpuByThreads());
            figures.put(
                    "wall-seconds of the job",
                    java.time.Duration.between(began, Instant.now()).toMillis() / 1e3);
            figures.put("peak RSS", ProcessCost.peakRss());
            figures.forEach((name, value) -> System.out.println(name + ": " + value));
        }
    }
}
