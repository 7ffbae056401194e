package io.firn.deploy.bench;

import io.firn.deploy.rig.Lake;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.ReachableFileUtil;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.io.CloseableIterable;
import org.jspecify.annotations.Nullable;

/** The table that a contender fills, watched without code of any contender's. */
final class BenchTable {
    private static final TableIdentifier NAME = TableIdentifier.of(Run.NAMESPACE, Run.TABLE);

    private static final byte[] PARQUET = {'P', 'A', 'R', '1'};

    private final Catalog catalog;
    private @Nullable Table table;

    private BenchTable(Catalog catalog) {
        this.catalog = catalog;
    }

    static BenchTable in(Lake lake) {
        return new BenchTable(CatalogUtil.buildIcebergCatalog("firn", lake.properties(), new Configuration()));
    }

    /** For contenders that take a table as it is: unpartitioned, all else by default. */
    void create(Shape shape) {
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of(Run.NAMESPACE));
        catalog.createTable(NAME, shape.schema(), PartitionSpec.unpartitioned());
    }

    /** Rows of the newest snapshot; 0 where there is no table yet. */
    long rows() {
        return summary("total-records");
    }

    long files() {
        return summary("total-data-files");
    }

    long snapshots() {
        long count = 0;
        for (Snapshot ignored : required().snapshots()) {
            count++;
        }
        return count;
    }

    /** Id of the newest snapshot; 0 where there is none. */
    long head() {
        Snapshot head = newest();
        return head == null ? 0 : head.snapshotId();
    }

    /** Whether somebody has written a whole data file for it, committed or not. */
    boolean hasDataFile() throws IOException {
        newest();
        Table known = table;
        if (known == null) {
            return false;
        }
        Path place = Path.of(path(known.location()), "data");
        if (!Files.isDirectory(place)) {
            return false;
        }
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file :
                    (Iterable<Path>) files.filter(each -> each.toString().endsWith(".parquet"))::iterator) {
                if (isWhole(file)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The footer, which is written last, ends in these. */
    private static boolean isWhole(Path parquet) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(parquet.toFile(), "r")) {
            byte[] end = new byte[PARQUET.length];
            if (file.length() <= 2L * end.length) {
                return false;
            }
            file.seek(file.length() - end.length);
            file.readFully(end);
            return Arrays.equals(end, PARQUET);
        }
    }

    private long summary(String key) {
        Snapshot head = newest();
        return head == null ? 0 : Long.parseLong(head.summary().getOrDefault(key, "0"));
    }

    private @Nullable Snapshot newest() {
        Table known = table;
        if (known == null) {
            try {
                known = catalog.loadTable(NAME);
            } catch (NoSuchTableException notYet) {
                return null;
            }
            table = known;
        } else {
            known.refresh();
        }
        return known.currentSnapshot();
    }

    private Table required() {
        Table known = table;
        if (known == null) {
            throw new IllegalStateException("no table yet");
        }
        return known;
    }

    /**
     * How the table stands beside what was sent.
     *
     * @param sent records, with {@code seq} from 0 up to this
     * @param missing in the table
     * @param doubled rows that are there besides the first one of their record
     * @param foreign rows of no record
     * @param strayData data files in the table's folder that no snapshot references
     * @param strayMetadata metadata files of the kind
     */
    record Count(long sent, long missing, long doubled, long foreign, long strayData, long strayMetadata) {
        boolean isExact() {
            return missing == 0 && doubled == 0 && foreign == 0;
        }
    }

    /** Reads {@code seq} of every row: each of 0 to {@code records} must be there once. */
    void requireEachOnce(long records) throws IOException {
        Count count = count(records);
        if (!count.isExact()) {
            throw new IllegalStateException("wrong rows: " + count.missing() + " missing, " + count.doubled()
                    + " doubled, " + count.foreign() + " that nobody sent");
        }
    }

    /** Reads {@code seq} of every row, and lists the table's folder. */
    Count count(long records) throws IOException {
        BitSet seen = new BitSet(Math.toIntExact(records));
        long doubled = 0;
        long foreign = 0;
        try (CloseableIterable<Record> rows =
                IcebergGenerics.read(required()).select("seq").build()) {
            for (Record row : rows) {
                long seq = (Long) row.getField("seq");
                if (seq < 0 || seq >= records) {
                    foreign++;
                } else if (seen.get((int) seq)) {
                    doubled++;
                } else {
                    seen.set((int) seq);
                }
            }
        }
        Set<String> referenced = referenced(required());
        return new Count(
                records,
                records - seen.cardinality(),
                doubled,
                foreign,
                strays(required(), "data", referenced),
                strays(required(), "metadata", referenced));
    }

    private static Set<String> referenced(Table table) throws IOException {
        Set<String> all = new HashSet<>(ReachableFileUtil.metadataFileLocations(table, true));
        all.addAll(ReachableFileUtil.manifestListLocations(table));
        all.addAll(ReachableFileUtil.statisticsFilesLocations(table));
        for (Snapshot snapshot : table.snapshots()) {
            for (ManifestFile manifest : snapshot.allManifests(table.io())) {
                if (all.add(manifest.path())) {
                    addFiles(table, manifest, all);
                }
            }
        }
        return all.stream().map(BenchTable::path).collect(Collectors.toSet());
    }

    private static void addFiles(Table table, ManifestFile manifest, Set<String> all) throws IOException {
        try (CloseableIterable<? extends ContentFile<?>> files = manifest.content() == ManifestContent.DATA
                ? ManifestFiles.read(manifest, table.io(), table.specs())
                : ManifestFiles.readDeleteManifest(manifest, table.io(), table.specs())) {
            files.forEach(file -> all.add(file.location()));
        }
    }

    /** Without the checksums and half-written files that Hadoop's local file system keeps under hidden names. */
    private static long strays(Table table, String folder, Set<String> referenced) throws IOException {
        Path place = Path.of(path(table.location()), folder);
        if (!Files.isDirectory(place)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(place)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().startsWith("."))
                    .filter(file -> !referenced.contains(file.toString()))
                    .count();
        }
    }

    private static String path(String location) {
        return location.replaceFirst("^file:/*", "/");
    }
}
