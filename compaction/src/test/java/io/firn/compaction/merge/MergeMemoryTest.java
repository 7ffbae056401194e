package io.firn.compaction.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.compaction.JobResult;
import io.firn.compaction.fold.NaiveFold.Event;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * More keys than the memory holds. The long form, 20 M keys in a heap of 256 MB, is {@code deploy/bench/compaction
 * --full --jobs distinct}.
 */
final class MergeMemoryTest {
    private static final int KEYS = 60_000;

    @TempDir
    private Path folder;

    @Test
    void keysBeyondTheMemoryAreMergedOverDisk() throws IOException {
        Catalog catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", "file:" + folder.resolve("warehouse")));
        MergeRig rig = new MergeRig(catalog, folder, false, List.of(), 2, new Random(1));
        rig.stage(events(0), 2);
        MergeSettings small = rig.settings().withMemoryBytes(9 << 20).withRewriteShare(1);
        JobResult inserts = rig.merge(small);
        assertThat(inserts.count("inserted")).isEqualTo(KEYS);
        assertThat(inserts.count("spilled")).isPositive();
        rig.stage(events(KEYS), 3);
        JobResult updates = rig.merge(small);
        assertThat(updates.count("spilled")).isPositive();
        assertThat(updates.count("updated")).isEqualTo(KEYS);
        rig.requireMerged(rig.staged);
        assertThat(folder.resolve("spill").toFile().list()).isNullOrEmpty();
        ((Closeable) catalog).close();
    }

    /** One of each key. */
    private static List<Event> events(long first) {
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            String key = "a key of some length " + i;
            events.add(new Event(first + i, key, "orders", 0, first + i, first + i, Optional.empty(), false));
        }
        return events;
    }
}
