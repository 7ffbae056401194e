package io.firn.deploy.rig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Compares a table with its topic, offset by offset, without any of Firn's code: rows through Iceberg's generic reader,
 * records through a plain {@code read_committed} consumer, the ledger as the JSON that is in the snapshot.
 */
public final class TableVerifier {
    private final Lake lake;
    private final String table;
    private final String bootstrap;
    private final String pipeline;
    private final String topic;

    /** @param pipeline its name in the ledger */
    public TableVerifier(Lake lake, String table, String bootstrap, String pipeline, String topic) {
        this.lake = lake;
        this.table = table;
        this.bootstrap = bootstrap;
        this.pipeline = pipeline;
        this.topic = topic;
    }

    /**
     * What was found. Positions are {@code partition:offset}.
     *
     * @param rows in the head
     * @param records that Kafka holds below the ledger
     * @param missing held by Kafka below the ledger, not in the table
     * @param doubled more than once in the table
     * @param unknown in the table, not among what Kafka holds now
     * @param beyond in the table at or above the ledger
     * @param filesTwice files that the head references more than once
     * @param lag records that Kafka holds at or above the ledger
     */
    public record Report(
            long rows,
            long records,
            List<String> missing,
            List<String> doubled,
            List<String> unknown,
            List<String> beyond,
            List<String> filesTwice,
            long lag) {
        /** Every record once, none besides, none waiting, no file twice. */
        public boolean isExact() {
            return missing.isEmpty()
                    && doubled.isEmpty()
                    && unknown.isEmpty()
                    && beyond.isEmpty()
                    && filesTwice.isEmpty()
                    && lag == 0;
        }
    }

    /**
     * What anybody can read of the head; empty where there is none.
     *
     * @param watermark as it is written there
     */
    public record Head(Map<Integer, Long> ledger, Optional<String> watermark) {}

    /** As the table is now, by a catalog that nothing is cached in. */
    public Head head() {
        Table loaded;
        try {
            loaded = lake.table(table);
        } catch (NoSuchTableException notYet) {
            return new Head(Map.of(), Optional.empty());
        }
        Snapshot head = loaded.currentSnapshot();
        return new Head(
                ledger(loaded),
                Optional.ofNullable(head == null ? null : head.summary().get("firn.watermark")));
    }

    /**
     * For every instant, by partition, the first offset whose record has that time or a later one, or the end where
     * there is none. Kafka is asked for each.
     */
    public Map<Instant, Map<Integer, Long>> firstOffsetsSince(Collection<Instant> instants) {
        Map<Instant, Map<Integer, Long>> all = new TreeMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions = partitions(consumer);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            for (Instant time : instants) {
                Map<TopicPartition, Long> first = new HashMap<>(ends);
                Map<TopicPartition, Long> times = new HashMap<>();
                partitions.forEach(partition -> times.put(partition, time.toEpochMilli()));
                consumer.offsetsForTimes(times).forEach((partition, found) -> {
                    if (found != null) {
                        first.put(partition, found.offset());
                    }
                });
                all.put(time, byPartition(first));
            }
        }
        return all;
    }

    /** Reads both sides whole. */
    public Report verify() {
        Table loaded = lake.table(table);
        Map<Integer, Long> ledger = ledger(loaded);
        Map<Integer, BitSet> held = kafkaOffsets();
        Map<Integer, BitSet> rows = new TreeMap<>();
        List<String> doubled = new ArrayList<>();
        long rowCount = readRows(loaded, rows, doubled);
        List<String> missing = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        List<String> beyond = new ArrayList<>();
        long records = 0;
        long lag = 0;
        Set<Integer> partitions = new HashSet<>(held.keySet());
        partitions.addAll(rows.keySet());
        for (int partition : partitions) {
            BitSet inKafka = held.getOrDefault(partition, new BitSet());
            BitSet inTable = rows.getOrDefault(partition, new BitSet());
            int next = Math.toIntExact(ledger.getOrDefault(partition, 0L));
            lag += inKafka.get(next, Math.max(next, inKafka.length())).cardinality();
            collect(beyond, partition, inTable.get(next, Math.max(next, inTable.length())), next);
            BitSet below = inKafka.get(0, next);
            records += below.cardinality();
            BitSet lost = (BitSet) below.clone();
            lost.andNot(inTable);
            collect(missing, partition, lost, 0);
            BitSet strange = inTable.get(0, next);
            strange.andNot(inKafka);
            collect(unknown, partition, strange, 0);
        }
        return new Report(rowCount, records, missing, doubled, unknown, beyond, filesTwice(loaded), lag);
    }

    private static void collect(List<String> into, int partition, BitSet offsets, int base) {
        offsets.stream().forEach(offset -> into.add(partition + ":" + (base + offset)));
    }

    /** The next offset of every partition of the topic, as the head's summary says; empty where it has none. */
    public Map<Integer, Long> ledger() {
        return ledger(lake.table(table));
    }

    private Map<Integer, Long> ledger(Table loaded) {
        Snapshot head = loaded.currentSnapshot();
        Map<Integer, Long> next = new TreeMap<>();
        if (head == null || !head.summary().containsKey("firn.offsets")) {
            return next;
        }
        try {
            JsonNode entries = new ObjectMapper()
                    .readTree(head.summary().get("firn.offsets"))
                    .path(pipeline)
                    .path(topic)
                    .path("next");
            entries.properties()
                    .forEach(entry -> next.put(
                            Integer.valueOf(entry.getKey()), entry.getValue().asLong()));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return next;
    }

    /** Whether the ledger has reached the end of every partition of the topic. */
    public boolean isDrained() {
        if (!lake.hasTable(table)) {
            return false;
        }
        Map<Integer, Long> next = ledger();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions = partitions(consumer);
            return consumer.endOffsets(partitions).entrySet().stream()
                    .allMatch(end ->
                            next.getOrDefault(end.getKey().partition(), -1L).longValue() == end.getValue());
        }
    }

    /** How the ledger stands beside the ends of the partitions, for messages. */
    public String progress() {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            return "ledger " + (lake.hasTable(table) ? ledger() : "none (no table)") + ", ends "
                    + new TreeMap<>(byPartition(consumer.endOffsets(partitions(consumer))));
        }
    }

    private static Map<Integer, Long> byPartition(Map<TopicPartition, Long> offsets) {
        Map<Integer, Long> result = new TreeMap<>();
        offsets.forEach((partition, offset) -> result.put(partition.partition(), offset));
        return result;
    }

    /** Data files in the table's folder that no snapshot references, for the report: orphans, not errors. */
    public List<String> unreferencedFiles() {
        Table loaded = lake.table(table);
        Set<String> referenced = new HashSet<>();
        try {
            Set<String> seen = new HashSet<>();
            for (Snapshot snapshot : loaded.snapshots()) {
                for (ManifestFile manifest : snapshot.allManifests(loaded.io())) {
                    if (seen.add(manifest.path())) {
                        read(loaded, manifest, referenced);
                    }
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        List<String> orphans = new ArrayList<>();
        for (FileInfo file : ((SupportsPrefixOperations) loaded.io()).listPrefix(loaded.location() + "/data")) {
            if (file.location().endsWith(".parquet") && !referenced.contains(path(file.location()))) {
                orphans.add(file.location());
            }
        }
        return orphans;
    }

    private static void read(Table loaded, ManifestFile manifest, Set<String> referenced) throws IOException {
        try (CloseableIterable<? extends ContentFile<?>> files = manifest.content() == ManifestContent.DATA
                ? ManifestFiles.read(manifest, loaded.io(), loaded.specs())
                : ManifestFiles.readDeleteManifest(manifest, loaded.io(), loaded.specs())) {
            files.forEach(file -> referenced.add(path(file.location())));
        }
    }

    private static String path(String location) {
        return location.replaceFirst("^file:/*", "/");
    }

    private static List<String> filesTwice(Table loaded) {
        Set<String> seen = new HashSet<>();
        List<String> twice = new ArrayList<>();
        try (CloseableIterable<FileScanTask> tasks = loaded.newScan().planFiles()) {
            for (FileScanTask task : tasks) {
                if (!seen.add(task.file().location())) {
                    twice.add(task.file().location());
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return twice;
    }

    private long readRows(Table loaded, Map<Integer, BitSet> rows, List<String> doubled) {
        long count = 0;
        try (CloseableIterable<Record> scan = IcebergGenerics.read(loaded)
                .select("_source_topic", "_source_partition", "_source_offset")
                .build()) {
            for (Record row : scan) {
                if (!topic.equals(row.getField("_source_topic"))) {
                    continue;
                }
                count++;
                int partition = (Integer) row.getField("_source_partition");
                int offset = Math.toIntExact((Long) row.getField("_source_offset"));
                BitSet seen = rows.computeIfAbsent(partition, unused -> new BitSet());
                if (seen.get(offset)) {
                    doubled.add(partition + ":" + offset);
                }
                seen.set(offset);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return count;
    }

    /** Offsets of the records that Kafka holds now, by partition. */
    public Map<Integer, BitSet> kafkaOffsets() {
        Map<Integer, BitSet> held = new TreeMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions = new ArrayList<>(partitions(consumer));
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            partitions.forEach(partition -> held.put(partition.partition(), new BitSet()));
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    held.computeIfAbsent(record.partition(), unused -> new BitSet())
                            .set(Math.toIntExact(record.offset()));
                }
            }
        }
        return held;
    }

    private List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer) {
        return consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "isolation.level", "read_committed",
                        "enable.auto.commit", "false",
                        "allow.auto.create.topics", "false"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }
}
