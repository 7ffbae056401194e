package io.firn.deploy.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.Tables;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.deploy.Service;
import io.firn.deploy.rig.Lake;
import io.firn.ingest.record.PipelineHealth;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An idle pipeline's tables, in a real catalog. */
final class TableWatchTest {
    private static final TableIdentifier ORDERS = TableIdentifier.of("shop", "orders");

    @TempDir
    private Path folder;

    private final PipelineHealth health = new PipelineHealth(Clock.systemUTC());
    private Catalog catalog;
    private Table table;
    private TableWatch watch;
    private boolean opened = true;

    @BeforeEach
    void createTable() throws Exception {
        Files.createDirectories(folder.resolve("warehouse"));
        catalog = Catalogs.openLazily(Lake.sqlite(folder));
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
        table = catalog.createTable(ORDERS, new Schema(Types.NestedField.optional(1, "id", Types.LongType.get())));
        watch = new TableWatch(
                "orders", List.of("shop.orders"), new Tables(catalog)::open, () -> opened, health, Clock.systemUTC());
    }

    @AfterEach
    void close() {
        watch.close();
        Service.close(catalog);
    }

    @Test
    void tableThatIsRenamedAwayAndBackIsNoticed() {
        watch.look();
        assertThat(health.troubles()).isEmpty();

        catalog.renameTable(ORDERS, TableIdentifier.of("shop", "elsewhere"));
        watch.look();
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.component()).isEqualTo("table shop.orders");
            assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.OUTAGE);
        });
        watch.look();
        assertThat(health.troubles().get(0).reason()).contains("the table does not exist");

        catalog.renameTable(TableIdentifier.of("shop", "elsewhere"), ORDERS);
        watch.look();
        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void storeThatHasLostTheMetadataIsNoticed() throws Exception {
        watch.look();
        String location = ((HasTableOperations) table).operations().current().metadataFileLocation();
        Files.delete(Path.of(location.replaceFirst("^file:", "")));
        watch.look();
        assertThat(health.troubles()).singleElement().satisfies(trouble -> assertThat(trouble.reason())
                .contains("metadata file", location));
    }

    @Test
    void tablesAreLeftAloneUntilThePipelineHasOpenedThem() {
        opened = false;
        catalog.dropTable(ORDERS);
        watch.look();
        assertThat(health.troubles()).isEmpty();
        assertThat(watch.heads()).isEmpty();
    }

    @Test
    void headIsKeptWithTheTimeWhenItWasRead() {
        watch.look();
        assertThat(watch.heads()).containsOnlyKeys("shop.orders");
        TableHead before = watch.heads().get("shop.orders");
        catalog.dropTable(ORDERS);
        watch.look();
        assertThat(watch.heads()).as("what was read last").isEqualTo(Map.of("shop.orders", before));
    }

    @Test
    void tableOfAnUpsertPipelineThatIsDroppedOrReplacedIsReportedInTheWordsOfTheStart() {
        UpsertRequest request = UpsertRequest.of(
                "shop.keyed", new UpsertLayout(SchemaText.parse("id long not null"), List.of("id"), Optional.empty()));
        Tables tables = new Tables(catalog);
        UpsertTables.openOrCreate(tables, request);
        TableIdentifier deletes = TableIdentifier.of("shop", "keyed_deletes");
        try (TableWatch keyed = new TableWatch(
                "keyed",
                List.of("shop.keyed", "shop.keyed_staging", "shop.keyed_deletes"),
                new TableWatch.SetOpening(tables, "shop.keyed"),
                () -> true,
                health,
                Clock.systemUTC())) {
            keyed.look();
            assertThat(health.troubles()).isEmpty();

            catalog.dropTable(deletes);
            keyed.look();
            keyed.look();
            assertThat(health.troubles()).anySatisfy(trouble -> {
                assertThat(trouble.component()).isEqualTo("tables");
                assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.OUTAGE);
                assertThat(trouble.reason()).contains("shop.keyed_deletes is missing", "firn rebuild");
            });

            var unused = tables.openOrCreate(request.tables().get(1));
            keyed.look();
            assertThat(health.troubles()).singleElement().satisfies(trouble -> assertThat(trouble.reason())
                    .contains("shop.keyed_deletes is another one"));
        }
    }
}
