package io.firn.catalog.upsert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.FaultyCatalog;
import io.firn.catalog.commit.FaultyTable;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SchemaText;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The tables of an upsert pipeline are one set: none is missing, foreign or taken for an empty one. */
final class UpsertSetTest {
    private static final SourcePartition PARTITION = new SourcePartition("orders", "id", 0);

    private static Catalog catalog;
    private static int number;

    private Tables tables;
    private UpsertRequest request;
    private String keyed;

    @BeforeAll
    static void open(@TempDir Path directory) {
        catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + directory.resolve("catalog.db"),
                "warehouse", "file:" + directory.resolve("warehouse")));
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("s"));
    }

    @AfterAll
    static void close() throws IOException {
        ((Closeable) catalog).close();
    }

    @BeforeEach
    void newSet() {
        tables = new Tables(catalog);
        keyed = "s.o" + ++number;
        request = UpsertRequest.of(
                keyed, new UpsertLayout(SchemaText.parse("id long not null, n long"), List.of("id"), Optional.empty()));
    }

    @Test
    void eachTableNamesTheWholeSet() {
        UpsertTables made = UpsertTables.openOrCreate(tables, request);

        String names = "keyed=" + made.keyed().uuid() + ",deletes="
                + made.deletes().uuid() + ",staging=" + made.staging().uuid();
        for (SetMember member : SetMember.values()) {
            assertThat(table(member).properties()).containsEntry("firn.upsert.tables", names);
        }
    }

    @ParameterizedTest
    @EnumSource
    void missingTableIsNotCreatedAgain(SetMember member) {
        UpsertTables.openOrCreate(tables, request);
        drop(member);

        FirnException refusal = refused("upsert-table-missing");

        assertThat(refusal.where()).startsWith("table " + member.tableName(keyed) + ";");
        assertThat(refusal.action()).contains("'firn rebuild " + member.tableName(keyed) + " --config FILE'");
        assertThat(tables.open(member.tableName(keyed))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void missingTableOfAnOlderFirnIsNotCreatedAgainOnceThereAreRecords(SetMember member) {
        UpsertTables made = UpsertTables.openOrCreate(tables, request);
        begin(made.staging());
        begin(made.keyed());
        forgetNames();
        drop(member);

        refused("upsert-table-missing");
        assertThat(tables.open(member.tableName(keyed))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void otherTableOfTheNameIsForeign(SetMember member) {
        UpsertTables.openOrCreate(tables, request);
        drop(member);
        createBare(member);

        FirnException refusal = refused("upsert-table-foreign");

        assertThat(refusal.where())
                .startsWith("table " + member.tableName(keyed) + ", UUID "
                        + table(member).uuid());
        assertThat(refusal.action()).contains("firn rebuild " + member.tableName(keyed) + " --config FILE --replace");
    }

    @ParameterizedTest
    @EnumSource
    void tableOfAnotherSetIsForeign(SetMember member) {
        UpsertTables.openOrCreate(tables, request);
        UpsertRequest other = UpsertRequest.of("s.other" + ++number, request.layout());
        UpsertTables.openOrCreate(tables, other);
        drop(member);
        catalog.renameTable(
                TableIdentifier.parse(member.tableName(other.identifier())),
                TableIdentifier.parse(member.tableName(keyed)));

        assertThat(refused("upsert-table-foreign").where()).startsWith("table " + member.tableName(keyed) + ", UUID");
    }

    @ParameterizedTest
    @EnumSource
    void tableThatAnotherEngineReplacedIsRefused(SetMember member) {
        UpsertTables made = UpsertTables.openOrCreate(tables, request);
        begin(made.staging());
        begin(made.keyed());
        begin(made.deletes());
        Table table = table(member);
        catalog.newReplaceTableTransaction(
                        TableIdentifier.parse(member.tableName(keyed)), table.schema(), table.spec(), Map.of(), false)
                .commitTransaction();

        assertThat(refused("upsert-table-replaced").action())
                .contains("firn rebuild " + member.tableName(keyed) + " --config FILE --replace");
    }

    @Test
    void withKeyedAndStagingGoneTheAdviceIsToStartAgain() {
        UpsertTables.openOrCreate(tables, request);
        drop(SetMember.KEYED);
        drop(SetMember.STAGING);

        assertThat(refused("upsert-table-missing").action()).contains("drop " + keyed + "_deletes too");

        drop(SetMember.DELETES);
        UpsertTables.openOrCreate(tables, request);
    }

    @Test
    void setOfAnOlderFirnGetsItsNames() {
        UpsertTables made = UpsertTables.openOrCreate(tables, request);
        begin(made.staging());
        begin(made.keyed());
        forgetNames();

        UpsertTables.openOrCreate(tables, request);

        drop(SetMember.DELETES);
        refused("upsert-table-missing");
    }

    @Test
    void firstStartThatIsKilledAtAnyCallIsFinishedByTheNext() {
        boolean failed = true;
        int call = 1;
        for (; failed; call++) {
            newSet();
            FaultyTable calls = new FaultyTable(call);
            open(new FaultyCatalog(catalog, calls));
            failed = calls.failed();

            UpsertTables made = UpsertTables.openOrCreate(tables, request);

            assertThat(UpsertSet.read(tables, keyed).refusal())
                    .as("killed at call %d", call)
                    .isEmpty();
            assertThat(SetNames.of(made.deletes()).uuids())
                    .as("killed at call %d", call)
                    .hasSize(3);
        }
        assertThat(call).isGreaterThan(15);
    }

    @Test
    void upgradeThatIsKilledAtAnyCallIsFinishedByTheNextAndNoMissingTableIsOverlooked() {
        boolean failed = true;
        int call = 1;
        for (; failed; call++) {
            newSet();
            UpsertTables made = UpsertTables.openOrCreate(tables, request);
            begin(made.staging());
            begin(made.keyed());
            forgetNames();
            FaultyTable calls = new FaultyTable(call);
            open(new FaultyCatalog(catalog, calls));
            failed = calls.failed();
            if (call % 2 == 0) {
                drop(SetMember.values()[call / 2 % 3]);
                refused("upsert-table-missing");
            } else {
                UpsertTables.openOrCreate(tables, request);
                assertThat(SetNames.of(table(SetMember.DELETES)).uuids()).hasSize(3);
            }
        }
        assertThat(call).isGreaterThan(10);
    }

    @Test
    void advisesToRebuildWhereRowsWithoutLedgerStandInTheKeyedTable() {
        UpsertTables made = UpsertTables.openOrCreate(tables, request);
        begin(made.keyed());
        FirnException lost = FirnException.user("ledger-lost", "no ledger", "table " + keyed, "set 'adopt: true'");

        assertThat(MissingLedgerAdvice.of(tables, keyed, lost).action())
                .doesNotContain("adopt")
                .contains("'firn rebuild " + keyed + " --config FILE --replace'");
    }

    @Test
    void advisesAnotherNameWhereRowsWithoutLedgerWereThereFirst() {
        createBare(SetMember.KEYED);
        FirnException none = FirnException.user("table-has-no-ledger", "no ledger", "table " + keyed, "set 'adopt'");

        assertThat(MissingLedgerAdvice.of(tables, keyed, none).action()).contains("name another table");
    }

    private void open(Catalog faulty) {
        try {
            UpsertTables.openOrCreate(new Tables(faulty), request);
        } catch (FirnException cut) {
            assertThat(cut.kind()).as("%s", cut).isEqualTo(FirnException.Kind.EXTERNAL);
        } catch (UncheckedIOException gone) {
            assertThat(gone).hasStackTraceContaining("cut off at");
        }
    }

    private FirnException refused(String code) {
        FirnException[] refusal = new FirnException[1];
        assertThatThrownBy(() -> UpsertTables.openOrCreate(tables, request))
                .isInstanceOfSatisfying(FirnException.class, e -> {
                    assertThat(e.code()).as("%s", e).isEqualTo(code);
                    refusal[0] = e;
                });
        return refusal[0];
    }

    private Table table(SetMember member) {
        return tables.open(member.tableName(keyed)).orElseThrow();
    }

    private void drop(SetMember member) {
        catalog.dropTable(TableIdentifier.parse(member.tableName(keyed)), false);
    }

    /** As an older Firn did, or a person by hand. */
    private void createBare(SetMember member) {
        var unused = tables.openOrCreate(request.tables().get(member.ordinal()));
    }

    private void forgetNames() {
        for (SetMember member : SetMember.values()) {
            table(member)
                    .updateProperties()
                    .remove(UpsertKeys.TABLES)
                    .remove(UpsertKeys.BEGUN)
                    .commit();
        }
    }

    private static void begin(Table table) {
        TableCommitter committer = new TableCommitter(table, new Random(1), MissingLedger.REFUSE);
        for (PartitionStep step :
                List.of(PartitionStep.start(0), PartitionStep.advance(new OffsetRange(0, 10), OptionalLong.empty()))) {
            var unused = committer.attempt(new TableCommit(
                    UUID.randomUUID(),
                    "orders",
                    TableCommit.Operation.APPEND,
                    List.of(),
                    new TreeMap<>(Map.of(PARTITION, step))));
        }
        table.refresh();
    }
}
