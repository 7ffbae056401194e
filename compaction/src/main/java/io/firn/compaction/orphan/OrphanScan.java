package io.firn.compaction.orphan;

import io.firn.catalog.location.OwnFiles;
import io.firn.compaction.ProgressMeter;
import io.firn.compaction.Work;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SupportsPrefixOperations;

/**
 * Finds files that are in a table's folders and not among its references. Holds a hash of each reference, not its name;
 * where there are too many for that, goes through everything several times, each time for the names of one part.
 */
final class OrphanScan {
    /** One for each half of a name's hash. */
    private static final long SEED_HIGH = 0x9e3779b97f4a7c15L;

    private static final long SEED_LOW = 0xc2b2ae3d27d4eb4fL;

    private final SupportsPrefixOperations io;
    private final OrphanSettings settings;
    private final OwnFiles own;
    private final ProgressMeter meter;

    OrphanScan(SupportsPrefixOperations io, OrphanSettings settings, OwnFiles own, ProgressMeter meter) {
        this.io = io;
        this.settings = settings;
        this.own = own;
        this.meter = meter;
    }

    /**
     * Locations, as the store lists them, and sizes; at most so many as the settings allow.
     *
     * @throws io.firn.catalog.FirnException {@code deletion-refused} where another table lies in a folder
     */
    SortedMap<String, Long> find(TableMetadata table, List<String> folders, Instant cutoff) throws IOException {
        int parts = 1;
        while (true) {
            TreeMap<String, Long> orphans = new TreeMap<>();
            boolean fits = true;
            for (int part = 0; fits && part < parts; part++) {
                fits = findPart(table, folders, cutoff, part, parts, orphans);
            }
            if (fits) {
                return orphans;
            }
            parts *= 2;
        }
    }

    private boolean findPart(
            TableMetadata table,
            List<String> folders,
            Instant cutoff,
            int part,
            int parts,
            TreeMap<String, Long> orphans)
            throws IOException {
        HashSet128 referenced = new HashSet128();
        References.visit(table, io, location -> {
            String path = Locations.path(location);
            long high = HashSet128.hash(path, SEED_HIGH);
            if (Math.floorMod(high, parts) == part && referenced.size() <= settings.heldHashes()) {
                referenced.add(high, HashSet128.hash(path, SEED_LOW));
            }
        });
        if (referenced.size() > settings.heldHashes()) {
            return false;
        }
        for (String folder : folders) {
            Iterator<FileInfo> files = list(folder);
            while (files.hasNext()) {
                FileInfo file = files.next();
                own.requireNoneOfAnotherTable(file.location());
                String path = Locations.path(file.location());
                long high = HashSet128.hash(path, SEED_HIGH);
                if (Math.floorMod(high, parts) != part) {
                    continue;
                }
                meter.add(new Work(1, file.size(), 0));
                if (file.createdAtMillis() < cutoff.toEpochMilli()
                        && !referenced.contains(high, HashSet128.hash(path, SEED_LOW))
                        && OrphanNames.mayGo(file.location(), table, settings.scope())) {
                    if (orphans.size() == settings.most()) {
                        return true;
                    }
                    orphans.put(file.location(), file.size());
                }
            }
        }
        return true;
    }

    /** A folder that is not there has no files. */
    private Iterator<FileInfo> list(String folder) {
        try {
            return io.listPrefix(Locations.folder(folder)).iterator();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof FileNotFoundException) {
                return Collections.emptyIterator();
            }
            throw e;
        }
    }
}
