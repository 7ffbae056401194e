package io.firn.compaction.merge;

import static io.firn.compaction.merge.MergeRig.delete;
import static io.firn.compaction.merge.MergeRig.event;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MergeJobTest {
    @TempDir
    private static Path folder;

    private static Catalog catalog;

    @BeforeAll
    static void start() {
        catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    private static MergeRig rig(int format) {
        return new MergeRig(catalog, folder, false, List.of(), format, new Random(1));
    }

    @Test
    void anEmptyStagingTableIsNothingToDo() {
        MergeRig rig = rig(2);
        assertThat(rig.merge().end()).isEqualTo(End.NOTHING);
        assertThat(rig.open().keyed().currentSnapshot()).isNull();
    }

    @Test
    void insertsUpdatesAndDeletesOfOneRunAreReducedToOneRowAKey() {
        MergeRig rig = rig(2);
        rig.stage(
                event(1, "a", 0, 0, 100),
                event(2, "b", 0, 1, 100),
                event(3, "a", 0, 2, 100),
                delete(4, "b", 0, 3, 100),
                event(5, "c", 1, 0, 100));
        JobResult result = rig.merge();
        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(rig.rows()).isEqualTo(Map.of("a", 3L, "c", 5L));
        assertThat(result.counts()).containsEntry("staged", 5L).containsEntry("inserted", 2L);
        assertThat(rig.open().keyed().currentSnapshot().summary())
                .containsEntry("firn.operation", "merge")
                .containsEntry("firn.ranges", "{\"orders\":{\"orders\":{\"0\":[0,4],\"1\":[0,1]}}}")
                .containsKey("firn.merged-snapshot")
                .containsKey("firn.commit-id")
                .containsKey("firn.offsets")
                .containsKey("firn.merged-rows");
        assertThat(rig.merge().end()).isEqualTo(End.NOTHING);
    }

    @Test
    void aPipelineThatWasRenamedInStagingIsFollowedAndNothingIsMergedTwice() {
        MergeRig rig = rig(2);
        rig.stage(event(1, "a", 0, 0, 100), event(2, "b", 0, 1, 100));
        assertThat(rig.merge().end()).isEqualTo(End.DONE);
        rig.rename("purchases");

        assertThat(rig.merge().end()).as("merges under the old name").isEqualTo(End.NOTHING);
        JobResult moved = rig.merge("purchases");
        assertThat(moved.end()).isEqualTo(End.DONE);
        assertThat(moved.counts()).doesNotContainEntry("staged", 2L);
        assertThat(rig.mergedPipelines()).containsExactly("purchases");
        assertThat(rig.rows()).isEqualTo(Map.of("a", 1L, "b", 2L));
        assertThat(rig.merge("purchases").end()).isEqualTo(End.NOTHING);
    }

    @Test
    void laterRunsReplaceAndDeleteRowsInFormat2() {
        replaceAndDelete(rig(2));
    }

    @Test
    void laterRunsReplaceAndDeleteRowsInFormat3() {
        replaceAndDelete(rig(3));
    }

    private static void replaceAndDelete(MergeRig rig) {
        rig.stage(event(1, "a", 0, 0, 1), event(2, "b", 0, 1, 1), event(3, "c", 0, 2, 1), event(4, "d", 0, 3, 1));
        rig.merge(rig.settings().withRewriteShare(1));
        for (int round = 0; round < 3; round++) {
            long at = 4 + 2L * round;
            rig.stage(
                    event(10 + round, "a", 0, at, 2 + round),
                    delete(20 + round, "bcd".substring(round, round + 1), 0, at + 1, 2 + round));
            rig.merge(rig.settings()
                    .withRewriteShare(1)
                    .withDeleteWhen(org.apache.iceberg.expressions.Expressions.equal("op", "d")));
            rig.requireMerged(rig.staged);
        }
    }
}
