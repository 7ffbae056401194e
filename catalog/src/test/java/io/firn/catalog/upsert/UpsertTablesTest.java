package io.firn.catalog.upsert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UpsertTablesTest {
    private static final String SCHEMA =
            "order_id string not null, line int not null, amount decimal(10,2) not null, version long, tags "
                    + "list<string>";

    private static Catalog catalog;
    private static Tables tables;

    @BeforeAll
    static void start(@TempDir Path folder) {
        catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", "file:" + folder.resolve("warehouse")));
        tables = new Tables(catalog);
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    private static UpsertLayout layout(String orderBy, String... key) {
        return new UpsertLayout(
                SchemaText.parse(SCHEMA), List.of(key), Optional.of(orderBy).filter(s -> !s.isEmpty()));
    }

    private static List<String> columns(Schema schema) {
        return schema.columns().stream()
                .map(column -> column.name() + (column.isRequired() ? " not null" : ""))
                .toList();
    }

    @Test
    void theThreeTablesHaveTheColumnsThatTheMergeNeeds() {
        UpsertTables made = UpsertTables.openOrCreate(
                tables, UpsertRequest.of("shop.orders", layout("version", "order_id", "line")));
        assertThat(columns(made.staging().schema()))
                .containsExactly(
                        "order_id not null",
                        "line not null",
                        "amount",
                        "version",
                        "tags",
                        "_source_topic",
                        "_source_partition",
                        "_source_offset",
                        "_source_timestamp",
                        "_source_topic_id",
                        "_source_tombstone");
        assertThat(columns(made.keyed().schema()))
                .containsExactly(
                        "order_id not null",
                        "line not null",
                        "amount not null",
                        "version",
                        "tags",
                        "_source_topic",
                        "_source_partition",
                        "_source_offset",
                        "_source_timestamp",
                        "_source_topic_id",
                        "_order_timestamp");
        assertThat(columns(made.deletes().schema()))
                .containsExactly(
                        "order_id not null",
                        "line not null",
                        "version",
                        "_source_topic",
                        "_source_partition",
                        "_source_offset",
                        "_source_timestamp",
                        "_source_topic_id",
                        "_order_timestamp");
        assertThat(made.keyed().schema().identifierFieldNames()).containsExactlyInAnyOrder("order_id", "line");
        assertThat(made.keyed().spec().fields()).hasSize(1);
        assertThat(made.keyed().spec().fields().get(0).transform().toString()).isEqualTo("bucket[16]");
        assertThat(made.staging().spec().isUnpartitioned()).isTrue();
        assertThat(made.staging().name()).endsWith("shop.orders_staging");
        assertThat(made.deletes().name()).endsWith("shop.orders_deletes");
    }

    @Test
    void openingThemAgainTakesThemAsTheyAre() {
        UpsertRequest request = UpsertRequest.of("shop.again", layout("", "order_id"));
        UpsertTables made = UpsertTables.openOrCreate(tables, request);
        UpsertTables again = UpsertTables.openOrCreate(tables, request);
        assertThat(again.keyed().uuid()).isEqualTo(made.keyed().uuid());
        assertThat(again.staging().uuid()).isEqualTo(made.staging().uuid());
    }

    @Test
    void tablesOfAnOlderFirnGetTheColumnTheyLackWhateverIsCommittedMeanwhile() {
        UpsertRequest request = UpsertRequest.of("shop.older", layout("version", "order_id"));
        UpsertLayout layout = request.layout();
        Map<String, Schema> older = Map.of(
                "shop.older", layout.keyed(),
                "shop.older_staging", layout.staging(),
                "shop.older_deletes", layout.deletes());
        older.forEach((name, schema) -> tables.openOrCreate(older(request, name, schema)));
        int[] overtaken = {0};
        Catalog busy = new Overtaken(catalog, name -> {
            Table other = catalog.loadTable(name);
            other.updateProperties().set("by-another", "yes").commit();
            overtaken[0]++;
        });

        UpsertTables opened = UpsertTables.openOrCreate(new Tables(busy), request);

        assertThat(overtaken[0]).isEqualTo(3);
        for (Table table : List.of(opened.keyed(), opened.staging(), opened.deletes())) {
            table.refresh();
            assertThat(table.schema().findType("_source_topic_id")).isEqualTo(Types.StringType.get());
            assertThat(table.schema().findField("_source_topic_id").isOptional())
                    .isTrue();
            assertThat(table.properties())
                    .containsEntry("by-another", "yes")
                    .containsEntry("write.metadata.metrics.column._source_topic_id", "full");
        }
        assertThat(columns(opened.keyed().schema())).hasSameElementsAs(columns(layout.keyed()));
        assertThat(opened.keyed().schema().identifierFieldNames()).containsExactly("order_id");

        UpsertTables again = UpsertTables.openOrCreate(tables, request);
        assertThat(again.keyed().schema().schemaId())
                .isEqualTo(opened.keyed().schema().schemaId());
        assertThat(again.keyed().schemas()).hasSize(2);
    }

    @Test
    void columnOfAYoungerFirnThatAPersonDroppedIsNotAddedAgain() {
        UpsertRequest request = UpsertRequest.of("shop.dropped", layout("", "order_id"));
        UpsertTables made = UpsertTables.openOrCreate(tables, request);
        made.staging().updateSchema().deleteColumn("_source_topic_id").commit();

        assertThatThrownBy(() -> UpsertTables.openOrCreate(tables, request))
                .isInstanceOfSatisfying(FirnException.class, refused -> {
                    assertThat(refused.code()).isEqualTo("schema-mismatch");
                    assertThat(refused).hasMessageContaining("_source_topic_id").hasMessageContaining("_staging");
                });
        made.staging().refresh();
        assertThat(made.staging().schema().findField("_source_topic_id")).isNull();
    }

    /** As Firn asked for it before there was the column. */
    private static TableRequest older(UpsertRequest request, String name, Schema schema) {
        Schema lacking = new Schema(
                schema.columns().stream()
                        .filter(column -> !column.name().equals("_source_topic_id"))
                        .toList(),
                schema.identifierFieldIds());
        Map<String, String> properties = new HashMap<>(
                UpsertTables.asked(request, name, lacking, List.of()).properties());
        properties.remove("write.metadata.metrics.column._source_topic_id");
        return new TableRequest(
                name, Optional.of(lacking), List.of(), properties, SourceColumns.Policy.ADD, request.missingLedger());
    }

    /** Right after a table was loaded, and before anything is committed to it, somebody else commits. */
    private record Overtaken(Catalog of, Consumer<TableIdentifier> then) implements Catalog {
        @Override
        public Table loadTable(TableIdentifier name) {
            Table loaded = of.loadTable(name);
            then.accept(name);
            return loaded;
        }

        @Override
        public List<TableIdentifier> listTables(Namespace namespace) {
            return of.listTables(namespace);
        }

        @Override
        public boolean dropTable(TableIdentifier identifier, boolean purge) {
            return of.dropTable(identifier, purge);
        }

        @Override
        public void renameTable(TableIdentifier from, TableIdentifier to) {
            of.renameTable(from, to);
        }
    }

    @Test
    void aTableOfAnotherKeyOrOrderIsRefused() {
        UpsertTables.openOrCreate(tables, UpsertRequest.of("shop.other", layout("", "order_id")));
        refused("key-mismatch", "'order_id'", "shop.other", layout("", "order_id", "line"));
        refused("key-mismatch", "order-by", "shop.other", layout("version", "order_id"));
    }

    @Test
    void aTableThatLacksTheColumnsIsRefusedAndNothingIsCreated() {
        tables.openOrCreate(TableRequest.of("shop.plain", SchemaText.parse(SCHEMA)));
        refused("mode-mismatch", "made for mode append", "shop.plain", layout("", "order_id"));
        assertThat(tables.open("shop.plain_staging")).isEmpty();
    }

    @Test
    void nothingIsCreatedOrChangedWhileATableOfTheSetDoesNotFit() {
        for (String other : List.of("_staging", "_deletes")) {
            String name = "shop.part" + other;
            Table foreign = tables.openOrCreate(TableRequest.of(name + other, SchemaText.parse("other long")));

            refused("schema-mismatch", "table " + name + other, name, layout("", "order_id"));

            for (String created : List.of("", "_staging", "_deletes")) {
                assertThat(tables.open(name + created).isPresent())
                        .as(name + created)
                        .isEqualTo(created.equals(other));
            }
            foreign.refresh();
            assertThat(foreign.properties()).doesNotContainKey(UpsertKeys.KEY);
        }
    }

    @Test
    void nothingIsCreatedOrChangedWhileATableOfTheSetHasAnotherKey() {
        UpsertTables.openOrCreate(tables, UpsertRequest.of("shop.rekeyed", layout("", "order_id", "line")));
        catalog.dropTable(TableIdentifier.of("shop", "rekeyed"), true);
        catalog.dropTable(TableIdentifier.of("shop", "rekeyed_staging"), true);

        refused("key-mismatch", "table shop.rekeyed_deletes", "shop.rekeyed", layout("", "line", "order_id"));

        assertThat(tables.open("shop.rekeyed")).isEmpty();
        assertThat(tables.open("shop.rekeyed_staging")).isEmpty();
    }

    @Test
    void columnThatOnlyTheKeyedTableHasIsRefusedWithTheStatementsThatAddIt() {
        UpsertTables made = UpsertTables.openOrCreate(tables, UpsertRequest.of("shop.alter", layout("", "order_id")));
        made.keyed().updateSchema().addColumn("note", Types.StringType.get()).commit();
        UpsertLayout more = new UpsertLayout(
                SchemaText.parse(SCHEMA + ", note string, weight double"), List.of("order_id"), Optional.empty());

        assertThatThrownBy(() -> UpsertTables.openOrCreate(tables, UpsertRequest.of("shop.alter", more)))
                .hasMessageContaining("'note'")
                .hasMessageContaining("shop.alter, shop.alter_deletes, shop.alter_staging")
                .hasMessageContaining("run in Trino: ALTER TABLE shop.\"alter\" ADD COLUMN weight double; "
                        + "ALTER TABLE shop.alter_staging ADD COLUMN note varchar; "
                        + "ALTER TABLE shop.alter_staging ADD COLUMN weight double; "
                        + "or in Spark: ALTER TABLE shop.`alter` ADD COLUMN weight double; "
                        + "ALTER TABLE shop.alter_staging ADD COLUMN note string; ")
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("schema-mismatch"));
    }

    @Test
    void statementsThatAddColumnsQuoteNamesThatNeedIt() {
        tables.openOrCreate(TableRequest.of("shop.blanks", SchemaText.parse("id long")));
        UpsertLayout layout = new UpsertLayout(
                SchemaText.parse("id long not null, \"per cent\" int, count long, \"Total\" int"),
                List.of("id"),
                Optional.empty());
        FirnException refused = MissingColumns.explained(
                FirnException.user("schema-mismatch", "what", "where", "do"),
                tables,
                List.of(TableRequest.of("shop.blanks", layout.keyed())));
        assertThat(refused.action())
                .contains(
                        "ALTER TABLE shop.blanks ADD COLUMN \"per cent\" integer; "
                                + "ALTER TABLE shop.blanks ADD COLUMN count bigint; "
                                + "ALTER TABLE shop.blanks ADD COLUMN \"Total\" integer; or in Spark: ",
                        "ALTER TABLE shop.blanks ADD COLUMN `per cent` int; ");
    }

    @Test
    void tableThatAsksForAnotherFormatIsRefusedAndNothingIsCreated() {
        Table staging = UpsertTables.openOrCreate(tables, UpsertRequest.of("shop.format", layout("", "order_id")))
                .staging();
        staging.updateProperties().set("write.format.default", "avro").commit();
        catalog.dropTable(TableIdentifier.of("shop", "format"), true);

        refused("table-property-unsupported", "table shop.format_staging", "shop.format", layout("", "order_id"));

        assertThat(tables.open("shop.format")).isEmpty();
    }

    @Test
    void tablesOfAnUpsertPipelineAreNotAppendedTo() {
        UpsertTables made = UpsertTables.openOrCreate(tables, UpsertRequest.of("shop.moded", layout("", "order_id")));
        for (Table table : List.of(made.keyed(), made.staging(), made.deletes())) {
            assertThat(TableMode.appendRefusal(table, "shop.moded"))
                    .hasValueSatisfying(
                            refusal -> assertThat(refusal.getMessage()).contains("mode upsert"));
        }
        Table plain = tables.openOrCreate(TableRequest.of("shop.unmoded", SchemaText.parse(SCHEMA)));
        assertThat(TableMode.appendRefusal(plain, "shop.unmoded")).isEmpty();
    }

    @Test
    void aKeyThatCanTellNoRowsApartIsRefused() {
        keyRefused("key-invalid", "needs a key");
        keyRefused("key-invalid", "has no column 'order_ids', did you mean 'order_id'?", "order_ids");
        keyRefused("key-invalid", "'version' may be null", "version");
        keyRefused("key-invalid", "'tags' is list<string>", "tags");
        keyRefused("key-invalid", "named twice", "line", "line");
        assertThatThrownBy(() -> layout("tags", "order_id"))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("order-by-invalid"));
    }

    @Test
    void columnsThatFirnAddsMayNotBeInTheSchema() {
        assertThatThrownBy(() -> new UpsertLayout(
                        SchemaText.parse("id long not null, _order_timestamp timestamptz"),
                        List.of("id"),
                        Optional.empty()))
                .hasMessageContaining("_order_timestamp");
    }

    @Test
    void keysThatCanNotBeBucketedLeaveTheTableUnpartitioned() {
        UpsertLayout layout = new UpsertLayout(
                SchemaText.parse("rate double not null, flag boolean not null"), List.of("rate"), Optional.empty());
        UpsertTables made = UpsertTables.openOrCreate(
                tables,
                new UpsertRequest("shop.rates", layout, List.of(), Map.of(), MissingLedger.REFUSE, RowSettings.NONE));
        assertThat(made.keyed().spec().isUnpartitioned()).isTrue();
        assertThat(made.keyed().schema().identifierFieldIds()).isEmpty();
        assertThat(made.keyed().schema().columns())
                .extracting(NestedField::name)
                .startsWith("rate", "flag");
    }

    private static void refused(String code, String message, String table, UpsertLayout layout) {
        assertThatThrownBy(() -> UpsertTables.openOrCreate(tables, UpsertRequest.of(table, layout)))
                .hasMessageContaining(message)
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private static void keyRefused(String code, String message, String... key) {
        assertThatThrownBy(() -> layout("", key))
                .hasMessageContaining(message)
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
