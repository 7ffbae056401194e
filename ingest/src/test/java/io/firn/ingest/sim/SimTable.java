package io.firn.ingest.sim;

import io.firn.catalog.commit.InMemoryFiles;
import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerReader.PropertyFallback;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/** The table under test, and the check of the guarantee: what is visible is what lies below the ledger, once each. */
final class SimTable {
    static final String NAME = "lake.orders";
    static final String PIPELINE = "orders";

    private final InMemoryTables tables = new InMemoryTables();
    private final SimKafka kafka;
    private final Map<String, List<DataFile>> manifests = new HashMap<>();
    private @Nullable TableMetadata checked;
    private List<DataFile> referenced = List.of();

    SimTable(SimKafka kafka) {
        this.kafka = kafka;
        tables.create(
                NAME,
                new Schema(Types.NestedField.optional(1, "v", Types.StringType.get())),
                PartitionSpec.unpartitioned(),
                Map.of());
    }

    InMemoryTables tables() {
        return tables;
    }

    Table open() {
        return tables.open(NAME);
    }

    InMemoryFiles store() {
        return tables.files();
    }

    Ledger ledger() {
        return LedgerReader.read(tables.metadata(NAME), store(), NAME, PropertyFallback.USED)
                .fold(found -> found.ledger(), none -> Ledger.empty(), unknown -> Ledger.empty());
    }

    /** Files of the head. */
    List<DataFile> files() {
        check();
        return referenced;
    }

    boolean complete() {
        SortedMap<SourcePartition, PartitionEntry> entries = ledger().partitions(PIPELINE);
        return kafka.partitions().stream()
                .allMatch(partition -> entries.containsKey(partition)
                        && entries.get(partition).next() == kafka.log(partition).end());
    }

    /** @throws AssertionError when the guarantee does not hold */
    void check() {
        TableMetadata now = tables.metadata(NAME);
        if (now != checked) {
            referenced = filesOf(now.currentSnapshot());
            checkRows();
            checked = now;
        }
        for (DataFile file : referenced) {
            if (!store().fileExists(file.location())) {
                throw new AssertionError("referenced and deleted: " + file.location());
            }
        }
    }

    private List<DataFile> filesOf(@Nullable Snapshot head) {
        List<DataFile> files = new ArrayList<>();
        if (head == null) {
            return files;
        }
        for (ManifestFile manifest : head.dataManifests(store())) {
            files.addAll(manifests.computeIfAbsent(manifest.path(), path -> read(manifest)));
        }
        Set<String> seen = new HashSet<>();
        for (DataFile file : files) {
            if (!seen.add(file.location())) {
                throw new AssertionError("referenced twice: " + file.location());
            }
        }
        return files;
    }

    private List<DataFile> read(ManifestFile manifest) {
        List<DataFile> files = new ArrayList<>();
        try (ManifestReader<DataFile> reader =
                ManifestFiles.read(manifest, store(), Map.of(0, PartitionSpec.unpartitioned()))) {
            reader.forEach(file -> files.add(file.copy()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return files;
    }

    static List<String> rows(InMemoryFiles store, DataFile file) {
        try (java.io.InputStream in = store.newInputFile(file.location()).newStream()) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return text.isEmpty() ? List.of() : List.of(text.split("\n", -1));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void checkRows() {
        Set<String> visible = new TreeSet<>();
        for (DataFile file : referenced) {
            for (String row : rows(store(), file)) {
                if (!visible.add(row)) {
                    throw new AssertionError("visible twice: " + row);
                }
            }
        }
        Set<String> expected = new TreeSet<>();
        new TreeMap<>(ledger().partitions(PIPELINE)).forEach((partition, entry) -> {
            SimKafka.Log log = kafka.log(partition);
            for (long offset = entry.start(); offset < entry.next(); offset++) {
                if (log.isRecord(offset)) {
                    expected.add(partition + ":" + offset);
                }
            }
        });
        if (!visible.equals(expected)) {
            Set<String> missing = new TreeSet<>(expected);
            missing.removeAll(visible);
            Set<String> extra = new TreeSet<>(visible);
            extra.removeAll(expected);
            throw new AssertionError(
                    "below the ledger and not visible: " + missing + "; visible and not below: " + extra);
        }
    }
}
