package io.firn.compaction.merge;

import static io.firn.compaction.merge.MergeRig.event;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.compaction.fold.NaiveFold.Event;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Columns that somebody changed on one of the tables alone do not keep the others from being merged. */
final class MergeSchemaTest {
    private static final Event FIRST = event(1, "a", 0, 0, 100);
    private static final Event SECOND = event(2, "b", 0, 1, 101);

    @TempDir
    private static Path folder;

    private static Catalog catalog;

    private MergeRig rig;

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

    @BeforeEach
    void mergeOne() {
        rig = new MergeRig(catalog, folder, false, List.of(), 2, new Random(1));
        rig.stage(FIRST);
        rig.merge();
    }

    @Test
    void columnThatWasAddedToTheKeyedTableStaysNull() {
        rig.open()
                .keyed()
                .updateSchema()
                .addColumn("note", Types.StringType.get())
                .commit();
        mergeSecond(rig.open().keyed());
    }

    @Test
    void columnThatWasAddedToStagingIsNotMerged() {
        rig.open()
                .staging()
                .updateSchema()
                .addColumn("note", Types.StringType.get())
                .commit();
        mergeSecond(rig.open().keyed());
    }

    @Test
    void columnThatWasRenamedOnTheKeyedTableStaysNullUnderItsNewName() {
        Table keyed = rig.open().keyed();
        keyed.updateSchema().renameColumn("region", "area").commit();
        mergeSecond(keyed);
    }

    @Test
    void columnThatWasDroppedFromTheKeyedTableIsNotMerged() {
        Table keyed = rig.open().keyed();
        keyed.updateSchema().deleteColumn("region").commit();
        mergeSecond(keyed);
    }

    private void mergeSecond(Table keyed) {
        rig.stage(SECOND);
        rig.merge();
        keyed.refresh();
        assertThat(rig.rows()).isEqualTo(Map.of("a", 1L, "b", 2L));
    }
}
