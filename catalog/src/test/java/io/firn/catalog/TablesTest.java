package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.location.StorePath;
import io.firn.catalog.schema.SchemaFit;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.BadRequestException;
import org.apache.iceberg.exceptions.ServiceFailureException;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TablesTest {
    private static final Schema ORDERS = SchemaText.parse("order_id string not null, placed_at timestamptz");

    @TempDir
    private Path folder;

    private Catalog catalog;
    private Tables tables;

    @BeforeEach
    void openCatalog() {
        catalog = Catalogs.open(Map.of(
                "type", "jdbc", "uri", "jdbc:sqlite:file:" + folder.resolve("c.db"), "warehouse", "file:" + folder));
        tables = new Tables(catalog);
    }

    @AfterEach
    void closeCatalog() throws IOException {
        ((Closeable) catalog).close();
    }

    @Test
    void whoLosesARaceToCreateTakesWhatIsThereWhateverTheCatalogSays() {
        InMemoryCatalog losing = new InMemoryCatalog() {
            @Override
            public void createNamespace(Namespace namespace, Map<String, String> metadata) {
                super.createNamespace(namespace, metadata);
                throw new ServiceFailureException("UNIQUE constraint failed");
            }

            @Override
            public TableBuilder buildTable(TableIdentifier identifier, Schema schema) {
                super.buildTable(identifier, schema).create();
                return super.buildTable(identifier, schema);
            }
        };
        losing.initialize("losing", Map.of());

        Table table = new Tables(losing).openOrCreate(TableRequest.of("shop.orders", ORDERS));

        assertThat(table.name()).isEqualTo("losing.shop.orders");
    }

    @Test
    void aNewTableNeverSharesTheLocationOfOneThatHadItsName() {
        String first =
                tables.openOrCreate(TableRequest.of("shop.orders", ORDERS)).location();
        catalog.renameTable(TableIdentifier.of("shop", "orders"), TableIdentifier.of("shop", "orders_2025"));

        Table second = tables.openOrCreate(TableRequest.of("shop.orders", ORDERS));
        String ofAnEngine =
                catalog.createTable(TableIdentifier.of("shop", "other"), ORDERS).location();
        catalog.dropTable(TableIdentifier.of("shop", "other"), false);

        assertThat(overlap(first, second.location())).isFalse();
        assertThat(second.location()).matches(".*/shop/orders-[0-9a-f]+");
        assertThat(second.properties()).containsEntry("firn.locations", "[\"" + second.location() + "\"]");
        Table again = catalog.createTable(TableIdentifier.of("shop", "other"), ORDERS);
        assertThat(overlap(ofAnEngine, again.location())).isFalse();
    }

    @Test
    void aCatalogThatNamesLocationsAfterTheTableGetsAnotherOne() {
        InMemoryCatalog plain = new InMemoryCatalog();
        plain.initialize("plain", Map.of("warehouse", "/lake"));

        Table table = new Tables(plain).openOrCreate(TableRequest.of("shop.orders", ORDERS));

        assertThat(table.location()).matches("/lake/shop/orders-[0-9a-f]{8}");
    }

    @Test
    void aCatalogThatDictatesLocationsIsLetDoSo() {
        InMemoryCatalog strict = new InMemoryCatalog() {
            @Override
            public TableBuilder buildTable(TableIdentifier identifier, Schema schema) {
                return new DelegatingTableBuilder(super.buildTable(identifier, schema)) {
                    @Override
                    public TableBuilder withLocation(String location) {
                        throw new BadRequestException("locations are the catalog's");
                    }
                };
            }
        };
        strict.initialize("strict", Map.of("warehouse", "/lake"));

        Table table = new Tables(strict).openOrCreate(TableRequest.of("shop.orders", ORDERS));

        assertThat(table.location()).isEqualTo("/lake/shop/orders");
        assertThat(table.properties()).doesNotContainKey("firn.locations");
    }

    @Test
    void newTableIsParquetWhateverTheCatalogsDefaultIs() {
        InMemoryCatalog orc = new InMemoryCatalog();
        orc.initialize("orc", Map.of("warehouse", "/lake", "table-default.write.format.default", "orc"));

        Table table = new Tables(orc).openOrCreate(TableRequest.of("shop.orders", ORDERS));

        assertThat(table.properties()).containsEntry("write.format.default", "parquet");
    }

    @Test
    void tableThatTheCatalogWouldCreateWithAnotherFormatIsNotCreated() {
        InMemoryCatalog orc = new InMemoryCatalog();
        orc.initialize("orc", Map.of("warehouse", "/lake", "table-override.write.format.default", "orc"));

        assertThatThrownBy(() -> new Tables(orc).openOrCreate(TableRequest.of("shop.orders", ORDERS)))
                .isInstanceOfSatisfying(FirnException.class, refused -> assertThat(refused.code())
                        .isEqualTo("table-property-unsupported"));
        assertThat(orc.listTables(Namespace.of("shop"))).isEmpty();
    }

    private static boolean overlap(String one, String other) {
        return StorePath.parse(one).overlaps(StorePath.parse(other));
    }

    @Test
    void aMissingTableIsCreatedWithItsNamespacesAndSourceColumnsLast() {
        Table table = tables.openOrCreate(new TableRequest(
                "eu.shop.orders",
                Optional.of(ORDERS),
                List.of("day(placed_at)"),
                Map.of("write.parquet.compression-codec", "snappy"),
                SourceColumns.Policy.ADD,
                MissingLedger.REFUSE));

        assertThat(table.schema().columns())
                .extracting(NestedField::name)
                .containsExactly(
                        "order_id",
                        "placed_at",
                        "_source_topic",
                        "_source_partition",
                        "_source_offset",
                        "_source_timestamp");
        assertThat(table.spec().fields()).extracting("name").containsExactly("placed_at_day");
        assertThat(TableUtil.formatVersion(table)).isEqualTo(2);
        assertThat(table.properties())
                .containsEntry("write.metadata.delete-after-commit.enabled", "true")
                .containsEntry("write.metadata.previous-versions-max", "50")
                .containsEntry("write.parquet.compression-codec", "snappy");
        assertThat(tables.openOrCreate(TableRequest.of("eu.shop.orders", ORDERS))
                        .uuid())
                .isEqualTo(table.uuid());
    }

    @Test
    void aTableWithNanosecondsIsOfFormat3() {
        Table table = tables.openOrCreate(TableRequest.of("shop.t", SchemaText.parse("at timestamp_ns")));

        assertThat(TableUtil.formatVersion(table)).isEqualTo(3);
    }

    @Test
    void anExistingTableGetsTheSourceColumnsUnlessToldOtherwise() {
        createForeign("shop.orders", "order_id string not null, placed_at timestamptz");
        tables.openOrCreate(new TableRequest(
                "shop.orders",
                Optional.empty(),
                List.of(),
                Map.of(),
                SourceColumns.Policy.PRESENT,
                MissingLedger.REFUSE));
        assertThat(SourceColumns.missing(load("shop.orders").schema())).hasSize(4);

        Table table = tables.openOrCreate(TableRequest.of("shop.orders", ORDERS));
        assertThat(SourceColumns.missing(table.schema())).isEmpty();
        assertThat(SourceColumns.missing(load("shop.orders").schema())).isEmpty();
    }

    @Test
    void sourceColumnsThatAPersonDroppedOrRenamedAreNotAddedAgain() {
        createForeign("shop.orders", "order_id string not null, placed_at timestamptz");
        tables.openOrCreate(TableRequest.of("shop.orders", ORDERS));
        load("shop.orders")
                .updateSchema()
                .deleteColumn("_source_timestamp")
                .renameColumn("_source_topic", "topic")
                .commit();

        Table table = tables.openOrCreate(TableRequest.of("shop.orders", ORDERS));
        assertThat(SourceColumns.missing(table.schema())).containsExactly("_source_topic", "_source_timestamp");
        assertThat(SourceColumns.missing(load("shop.orders").schema())).hasSize(2);

        // One that never was there is added still.
        createForeign("partial.orders", "order_id string not null, placed_at timestamptz, _source_offset long");
        load("partial.orders").updateSchema().deleteColumn("_source_offset").commit();
        assertThat(SourceColumns.missing(tables.openOrCreate(TableRequest.of("partial.orders", ORDERS))
                        .schema()))
                .containsExactly("_source_offset");

        load("partial.orders")
                .updateSchema()
                .addColumn("_source_offset", Types.LongType.get())
                .commit();
        assertThat(SourceColumns.missing(tables.openOrCreate(TableRequest.of("partial.orders", ORDERS))
                        .schema()))
                .as("the person has added it again")
                .isEmpty();
    }

    @Test
    void aSchemaThatDoesNotFitNamesColumnsAndBothTypes() {
        createForeign(
                "shop.orders", "order_id long, note string not null, address struct<lat float>, _source_offset int");

        assertThatThrownBy(() -> tables.openOrCreate(TableRequest.of(
                        "shop.orders",
                        SchemaText.parse("order_id string, total decimal(10,2), address struct<lat double>"))))
                .isInstanceOfSatisfying(FirnException.class, e -> {
                    assertThat(e.code()).isEqualTo("schema-mismatch");
                    assertThat(e)
                            .hasMessageContaining("column 'order_id' is string in the schema but long in the table")
                            .hasMessageContaining("column 'total' decimal(10,2) is not in the table")
                            .hasMessageContaining("'address.lat' is double in the schema but float in the table")
                            .hasMessageContaining("column 'note' must not be null in the table")
                            .hasMessageContaining("'_source_offset' is long in the schema but int in the table");
                });
    }

    @Test
    void aTableThatOthersChangedSinceItWasCreatedIsTaken() {
        Schema configured = SchemaText.parse("a int, b string, c string not null, d string");
        tables.openOrCreate(TableRequest.of("shop.orders", configured));
        load("shop.orders")
                .updateSchema()
                .updateColumn("a", Types.LongType.get())
                .renameColumn("b", "was_b")
                .makeColumnOptional("c")
                .deleteColumn("d")
                .commit();

        Table again = tables.openOrCreate(TableRequest.of("shop.orders", configured));

        assertThat(again.schema().findField("b")).as("not added again").isNull();
        assertThat(SchemaFit.gone(configured, again.schema(), again.schemas().values()))
                .containsExactlyInAnyOrder("column 'b' was renamed to 'was_b'", "column 'd' was dropped");
        assertThatThrownBy(
                        () -> tables.openOrCreate(TableRequest.of("shop.orders", SchemaText.parse("a int, e string"))))
                .hasMessageContaining("column 'e' string is not in the table");
    }

    @Test
    void aTableWithRowsAndNoLedgerIsRefusedUnlessAdopted() {
        Table table = createForeign("shop.orders", "order_id string");
        table.newAppend()
                .appendFile(DataFiles.builder(PartitionSpec.unpartitioned())
                        .withPath(table.location() + "/data/a.parquet")
                        .withFileSizeInBytes(4)
                        .withRecordCount(1)
                        .build())
                .commit();

        assertThatThrownBy(
                        () -> tables.openOrCreate(TableRequest.of("shop.orders", SchemaText.parse("order_id string"))))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("table-has-no-ledger"));
        assertThat(tables.openOrCreate(new TableRequest(
                        "shop.orders",
                        Optional.empty(),
                        List.of(),
                        Map.of(),
                        SourceColumns.Policy.PRESENT,
                        MissingLedger.ADOPT)))
                .isNotNull();
    }

    @Test
    void aMissingTableWithoutSchemaIsAnError() {
        assertThatThrownBy(() -> tables.openOrCreate(new TableRequest(
                        "shop.orders",
                        Optional.empty(),
                        List.of(),
                        Map.of(),
                        SourceColumns.Policy.ADD,
                        MissingLedger.REFUSE)))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("table-missing"));
        assertThat(tables.open("shop.orders")).isEmpty();
    }

    @Test
    void aNameWithoutNamespaceIsNoTableName() {
        for (String name : List.of("orders", "", "shop.", ".orders", "shop..orders", "shop. orders")) {
            assertThatThrownBy(() -> Tables.identifier(name))
                    .isInstanceOfSatisfying(
                            FirnException.class, e -> assertThat(e.code()).isEqualTo("table-name-invalid"));
        }
    }

    private Table createForeign(String name, String schema) {
        TableIdentifier identifier = TableIdentifier.parse(name);
        ((SupportsNamespaces) catalog).createNamespace(identifier.namespace());
        return catalog.createTable(identifier, SchemaText.parse(schema));
    }

    private Table load(String name) {
        return catalog.loadTable(TableIdentifier.parse(name));
    }
}
