package io.firn.deploy.chaos;

import io.firn.catalog.Catalogs;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.ServiceClient;
import io.firn.deploy.rig.Stage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.UpdateProperties;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.types.Types;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What other engines and clients do to a table, its location and its consumer group while Firn runs. */
final class OtherUsers {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String FOREIGN_CLIENT = "somebody-else";
    private static final List<String> CODECS = List.of("zstd", "snappy", "gzip", "uncompressed");

    /** Older than any safety age, so that the orphan job would remove such a file if it were an orphan. */
    private static final Duration OLD = Duration.ofDays(10);

    /** The orphan job waits until a snapshot is ten minutes old, and this run of it believes that all are. */
    private static final Duration SETTLED = Duration.ofMinutes(20);

    /** Values that other engines set. */
    private static final Map<String, List<String>> PROPERTIES = Map.of(
            TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES, List.of("65536", "134217728"),
            TableProperties.PARQUET_PAGE_SIZE_BYTES, List.of("1024", "1048576"),
            TableProperties.WRITE_TARGET_FILE_SIZE_BYTES, List.of("32768", "536870912"),
            TableProperties.MANIFEST_MIN_MERGE_COUNT, List.of("2", "100"),
            TableProperties.MANIFEST_MERGE_ENABLED, List.of("true", "false"),
            TableProperties.METADATA_PREVIOUS_VERSIONS_MAX, List.of("1", "5", "100"),
            TableProperties.METADATA_DELETE_AFTER_COMMIT_ENABLED, List.of("true", "false"),
            TableProperties.DEFAULT_WRITE_METRICS_MODE, List.of("none", "counts", "full"),
            TableProperties.OBJECT_STORE_ENABLED, List.of("true", "false"),
            TableProperties.MIN_SNAPSHOTS_TO_KEEP, List.of("1", "10"));

    private final Surroundings around;
    private final Stage stage;
    private final boolean keyed;
    private final Consumer<String> log;
    private final ServiceClient client = new ServiceClient();
    private final List<String> wrong = new ArrayList<>();
    private int changes;

    OtherUsers(Surroundings around, Stage stage, boolean keyed, Consumer<String> log) {
        this.around = around;
        this.stage = stage;
        this.keyed = keyed;
        this.log = log;
    }

    /** Returns what was not as it must be. */
    synchronized List<String> complaints() {
        return List.copyOf(wrong);
    }

    /** Adds, renames and drops a column, changes the codec and, of an append table, the partition spec. */
    synchronized void changeTable(Strike strike) {
        int change = changes++;
        String table = keyed && strike.strength() < 0.5 ? stage.table() + "_staging" : stage.table();
        String column = "note_" + change;
        alter(table, each -> each.updateSchema()
                .addColumn(column, Types.StringType.get())
                .commit());
        alter(table, each -> each.updateProperties()
                .set(TableProperties.PARQUET_COMPRESSION, CODECS.get(change % CODECS.size()))
                .commit());
        pause(strike);
        alter(table, each -> each.updateSchema()
                .renameColumn(column, column + "_renamed")
                .commit());
        if (!keyed) {
            alter(table, each -> each.updateSpec()
                    .addField("part_" + change, Expressions.bucket("order_id", 2))
                    .commit());
            pause(strike);
            alter(table, each -> each.updateSpec().removeField("part_" + change).commit());
        }
        pause(strike);
        alter(
                table,
                each -> each.updateSchema().deleteColumn(column + "_renamed").commit());
    }

    /** Sets properties that Firn follows or does not care about, and at times one that it refuses. */
    synchronized void setProperties(Strike strike, List<FirnProcess> fleet) {
        Random random = new Random(Double.doubleToLongBits(strike.strength()));
        String table = keyed && random.nextBoolean() ? stage.table() + "_staging" : stage.table();
        List<Map.Entry<String, List<String>>> known = new ArrayList<>(PROPERTIES.entrySet());
        Collections.shuffle(known, random);
        Map<String, String> chosen = new TreeMap<>();
        known.subList(0, 3)
                .forEach(each -> chosen.put(
                        each.getKey(),
                        each.getValue().get(random.nextInt(each.getValue().size()))));
        log.accept(table + " gets " + chosen);
        alter(table, each -> {
            UpdateProperties change = each.updateProperties();
            chosen.forEach(change::set);
            change.commit();
        });
        pause(strike);
        if (random.nextInt(3) == 0) {
            refusedProperty(table, fleet);
        }
    }

    private void refusedProperty(String table, List<FirnProcess> fleet) {
        log.accept(table + " gets write.format.default=orc");
        alter(table, each -> each.updateProperties()
                .set(TableProperties.DEFAULT_FILE_FORMAT, "orc")
                .commit());
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!isShown(fleet, TableProperties.DEFAULT_FILE_FORMAT) && System.nanoTime() < end) {
            Eventually.pause(Duration.ofMillis(500));
        }
        if (System.nanoTime() >= end) {
            add("no process says that " + table + " has write.format.default=orc");
        }
        alter(table, each -> each.updateProperties()
                .remove(TableProperties.DEFAULT_FILE_FORMAT)
                .commit());
    }

    private boolean isShown(List<FirnProcess> fleet, String text) {
        return List.copyOf(fleet).stream()
                .anyMatch(process -> !process.isAlive()
                                && process.outputSinceStart().contains(text)
                        || Stream.of("/health/ready", "/v1/tables").anyMatch(path -> client.get(process, path)
                                .filter(answer -> answer.body().toString().contains(text))
                                .isPresent()));
    }

    /** Denies READ on the topic, and allows it again. */
    void withdrawRight(OutageWatch watch, Duration length) {
        watch.during(
                "the right to read " + stage.topic() + " withdrawn",
                () -> stage.broker().withdrawRead(stage.topic()),
                () -> stage.broker().giveReadBack(stage.topic()),
                length);
    }

    private static void pause(Strike strike) {
        Eventually.pause(Duration.ofMillis(strike.lengthMillis()));
    }

    /** As often as another commit comes first, or a server is away because of the other fault of a pair. */
    private void alter(String table, Consumer<Table> change) {
        Eventually.holds("another engine changes " + table, PATIENCE, () -> {
            try {
                change.accept(around.lake().table(table));
                return true;
            } catch (CommitFailedException another) {
                return false;
            }
        });
    }

    /** Joins the pipeline's consumer group, takes records until a process names the client, and leaves. */
    void joinGroup(Strike strike, List<FirnProcess> fleet) {
        String group = group();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        stage.broker().bootstrap(),
                        "group.id",
                        group,
                        "client.id",
                        FOREIGN_CLIENT,
                        "enable.auto.commit",
                        "true",
                        "auto.offset.reset",
                        "latest",
                        "partition.assignment.strategy",
                        "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(stage.topic()));
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (!isNamed(fleet)) {
                if (System.nanoTime() > end) {
                    add("no process names the foreign member of " + group + " within " + PATIENCE.toSeconds() + " s");
                    break;
                }
                consumer.poll(Duration.ofMillis(500));
            }
            pause(strike);
        }
    }

    private boolean isNamed(List<FirnProcess> fleet) {
        return isShown(fleet, FOREIGN_CLIENT);
    }

    private synchronized void add(String what) {
        wrong.add(what);
    }

    private String group() {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", stage.broker().bootstrap()))) {
            return admin.listGroups().all().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).stream()
                    .map(GroupListing::groupId)
                    .filter(each -> each.startsWith("firn-" + stage.topic() + "-"))
                    .filter(each -> !each.startsWith("firn-" + stage.topic() + "_"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no consumer group of " + stage.topic()));
        } catch (ExecutionException | TimeoutException failed) {
            throw new AssertionError("the broker lists no groups", failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
    }

    /**
     * Creates another table in the table's location, as a rename or a migration leaves it, with a file that is old. The
     * orphan job must not remove it. Afterwards the other table is dropped with all its files.
     */
    synchronized void shareLocation(Strike strike) {
        TableIdentifier name = TableIdentifier.of("shop", stage.topic() + "_neighbour_" + changes++);
        Table table = around.lake().table(stage.table());
        Catalog catalog = Catalogs.open(around.lake().properties());
        try (AutoCloseable closing = (AutoCloseable) catalog) {
            Table neighbour = catalog.buildTable(
                            name, new Schema(Types.NestedField.optional(1, "id", Types.LongType.get())))
                    .withLocation(table.location())
                    .create();
            String file = table.location() + "/data/" + name.name() + ".parquet";
            write(neighbour, file);
            Path onDisk = age(name.name() + ".parquet");
            String result = OrphanRun.run(
                    catalog,
                    stage.table(),
                    SETTLED,
                    OrphanSettings.DEFAULT_AGE,
                    stage.directory().resolve("scratch-neighbour"));
            log.accept("orphan job: " + result);
            if (!Files.exists(onDisk)) {
                wrong.add("the orphan job of " + stage.table() + " removed a file of " + name + ": " + result);
            }
            List<String> metadata = metadataFiles(neighbour);
            catalog.dropTable(name, false);
            metadata.forEach(neighbour.io()::deleteFile);
            neighbour.io().deleteFile(file);
            pause(strike);
        } catch (RuntimeException failed) {
            throw failed;
        } catch (Exception failed) {
            throw new AssertionError("the catalog did not close", failed);
        }
    }

    private static void write(Table table, String location) {
        byte[] content = "not read by anything".getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = table.io().newOutputFile(location).create()) {
            out.write(content);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        DataFile file = DataFiles.builder(PartitionSpec.unpartitioned())
                .withPath(location)
                .withFormat(FileFormat.PARQUET)
                .withFileSizeInBytes(content.length)
                .withRecordCount(1)
                .build();
        table.newAppend().appendFile(file).commit();
    }

    private static List<String> metadataFiles(Table table) {
        List<String> all = new ArrayList<>();
        TableMetadata metadata = ((HasTableOperations) table).operations().refresh();
        all.add(metadata.metadataFileLocation());
        metadata.previousFiles().forEach(each -> all.add(each.file()));
        table.snapshots().forEach(snapshot -> {
            all.add(snapshot.manifestListLocation());
            snapshot.allManifests(table.io()).forEach(manifest -> all.add(manifest.path()));
        });
        return all;
    }

    private Path age(String name) {
        try (Stream<Path> all = Files.walk(around.files())) {
            Path found = all.filter(each -> each.getFileName().toString().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(name + " is not below " + around.files()));
            Files.setLastModifiedTime(found, FileTime.from(Instant.now().minus(OLD)));
            return found;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
