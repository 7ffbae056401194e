package io.firn.deploy.rebuild;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.catalog.upsert.SetMember;
import io.firn.deploy.rebuild.RebuildPlanner.Existing;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each table of a set, rebuilt: the keyed table is the fold of the topic, and no replay brings anything back. */
final class RebuildTest {
    private static final OffsetRange ALL = new OffsetRange(0, 1_000);

    private static Catalog catalog;
    private static Path directory;
    private static int number;

    private SetRig rig;

    @BeforeAll
    static void open(@TempDir Path folder) {
        directory = folder;
        catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void close() throws IOException {
        ((Closeable) catalog).close();
    }

    @BeforeEach
    void newSet() {
        rig = new SetRig(catalog, "s.o" + ++number, directory, new Random(number));
    }

    private void mergeAll() {
        rig.ingest();
        var unused = rig.merge();
    }

    @Test
    void deletedKeysStayDeletedAfterTheDeletesTableWasDroppedAndRebuilt() {
        for (long id = 0; id < 50; id++) {
            rig.topic.send(id, 0, OptionalLong.of(id));
        }
        for (long id = 0; id < 10; id++) {
            rig.topic.send(id, 0, OptionalLong.empty());
        }
        mergeAll();
        rig.forgetStaged();
        rig.drop(SetMember.DELETES);

        assertThat(rig.refusal()).hasValueSatisfying(refusal -> {
            assertThat(refusal.code()).isEqualTo("upsert-table-missing");
            assertThat(refusal.action()).contains("firn rebuild " + rig.table + "_deletes");
        });
        assertThat(rig.rebuild(SetMember.DELETES, Existing.KEPT).complete()).isTrue();
        rig.forgetStaged();
        rig.replay(new OffsetRange(0, 50));

        assertThat(rig.rows()).isEqualTo(rig.topic.fold()).hasSize(40);
        assertThat(rig.knownDeletes()).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
        assertThat(rig.refusal()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void eachTableIsRebuiltFromKafkaAndWhatIsStaged(SetMember member) {
        rig.send(120, 30);
        mergeAll();
        rig.forgetStaged();
        rig.send(40, 30);
        rig.ingest();
        rig.drop(member);

        assertThat(rig.rebuild(member, Existing.KEPT).complete()).isTrue();

        rig.send(20, 30);
        mergeAll();
        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
        rig.replay(new OffsetRange(0, 30));
        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
        assertThat(rig.refusal()).isEmpty();
        assertThat(rig.table(member).properties()).doesNotContainKey("firn.upsert.rebuild");
    }

    @ParameterizedTest
    @EnumSource
    void anotherTableOfTheNameIsReplacedIfTheUserSaysSo(SetMember member) {
        rig.send(60, 20);
        mergeAll();
        rig.drop(member);
        catalog.createTable(
                TableIdentifier.parse(member.tableName(rig.table)),
                io.firn.catalog.schema.SchemaText.parse("id long not null"));

        assertThatThrownBy(() -> rig.rebuild(member, Existing.KEPT)).hasMessageContaining("--replace");
        assertThat(rig.rebuild(member, Existing.REPLACED).complete()).isTrue();

        rig.send(10, 20);
        mergeAll();
        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
    }

    @Test
    void keyedTableThatAnotherEngineReplacedIsRebuiltAsTheRefusalSays() {
        rig.send(60, 20);
        mergeAll();
        var replaced = rig.table(SetMember.KEYED);
        catalog.newReplaceTableTransaction(
                        TableIdentifier.parse(rig.table), replaced.schema(), replaced.spec(), Map.of(), false)
                .commitTransaction();
        assertThat(rig.refusal()).hasValueSatisfying(refusal -> assertThat(refusal.action())
                .doesNotContain("adopt")
                .contains("firn rebuild " + rig.table + " --config FILE --replace"));

        assertThat(rig.rebuild(SetMember.KEYED, Existing.REPLACED).complete()).isTrue();

        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
    }

    @Test
    void keyedTableGetsThePartitioningThatIsConfiguredNow() {
        rig.send(60, 20);
        mergeAll();
        rig.forgetStaged();
        rig.partitionBy("truncate(4, id)");

        assertThat(rig.rebuild(SetMember.KEYED, Existing.REPLACED).complete()).isTrue();

        assertThat(rig.table(SetMember.KEYED).spec().fields().get(0).transform())
                .hasToString("truncate[4]");
        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
    }

    @Test
    void keyedTableIsRebuiltFromWhereTheSetBeganThoughItsStagingTableBeganLater() {
        rig.send(80, 20);
        mergeAll();
        rig.drop(SetMember.STAGING);
        assertThat(rig.rebuild(SetMember.STAGING, Existing.KEPT).complete()).isTrue();
        rig.send(20, 20);
        mergeAll();
        rig.drop(SetMember.KEYED);

        assertThat(rig.rebuild(SetMember.KEYED, Existing.KEPT).complete()).isTrue();

        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
        assertThat(rig.merged(0).start()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"KEYED", "DELETES"})
    void compactedTopicIsRebuiltWithoutAQuestion(SetMember member) {
        rig.send(150, 15);
        mergeAll();
        rig.forgetStaged();
        rig.topic.compact();
        rig.drop(member);

        assertThat(rig.rebuild(member, Existing.KEPT).complete()).isTrue();

        rig.replay(ALL);
        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
    }

    @ParameterizedTest
    @EnumSource(names = {"KEYED", "DELETES"})
    void offsetsThatNobodyHoldsAnyMoreHaveToBeAccepted(SetMember member) {
        rig.send(100, 10);
        mergeAll();
        rig.forgetStaged();
        rig.topic.retain(0, 10);
        rig.drop(member);
        AcceptedSpan lost = new AcceptedSpan("orders", 0, new OffsetRange(0, 10));

        assertThat(rig.plan(member, Existing.KEPT).lost()).containsExactly(lost);
        assertThatThrownBy(() -> rig.rebuild(member, Existing.KEPT))
                .hasMessageContaining("--accept-missing orders-0:0-10")
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("rebuild-incomplete"));
        assertThat(new io.firn.catalog.Tables(catalog).open(member.tableName(rig.table)))
                .isEmpty();
        assertThat(rig.rebuild(member, Existing.KEPT, lost).complete()).isTrue();

        rig.send(40, 10);
        mergeAll();
        assertThat(rig.rows().keySet()).isSubsetOf(rig.topic.fold().keySet());
        assertThat(rig.merged(0).next()).isEqualTo(rig.topic.end(0));
    }

    @Test
    void stagedRecordsThatKafkaDroppedTakePartInTheRebuildOfDeletes() {
        rig.topic.send(1, 0, OptionalLong.of(1));
        rig.topic.send(2, 1, OptionalLong.of(2));
        rig.topic.send(1, 1, OptionalLong.empty());
        mergeAll();
        rig.topic.retain(1, 2);
        rig.drop(SetMember.DELETES);

        assertThat(rig.plan(SetMember.DELETES, Existing.KEPT).lost()).isEmpty();
        assertThat(rig.rebuild(SetMember.DELETES, Existing.KEPT).complete()).isTrue();

        assertThat(rig.knownDeletes()).containsExactly(1L);
        rig.forgetStaged();
        rig.replay(new OffsetRange(0, 1));
        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
    }

    @Test
    void recordsThatWereStagedAndNotMergedAndThatKafkaDroppedHaveToBeAccepted() {
        rig.send(40, 10);
        mergeAll();
        long merged = rig.topic.end(0);
        rig.send(40, 10);
        rig.ingest();
        rig.topic.retain(0, merged + 5);
        rig.drop(SetMember.STAGING);
        AcceptedSpan lost = new AcceptedSpan("orders", 0, new OffsetRange(merged, merged + 5));

        assertThatThrownBy(() -> rig.rebuild(SetMember.STAGING, Existing.KEPT))
                .hasMessageContaining("--accept-missing " + lost.text());
        assertThat(rig.rebuild(SetMember.STAGING, Existing.KEPT, lost).complete())
                .isTrue();

        mergeAll();
        assertThat(rig.merged(0).next()).isEqualTo(rig.topic.end(0));
        assertThat(SetRig.entry(rig.table(SetMember.STAGING), 0).gaps())
                .containsExactly(new OffsetRange(merged, merged + 5));
    }

    @Test
    void nothingIsRebuiltThatIsThere() {
        assertThatThrownBy(() -> rig.rebuild(SetMember.KEYED, Existing.KEPT))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("rebuild-not-needed"));
    }

    @Test
    void keyedTableIsRebuiltWithTheDeletesTableThatIsMissingToo() {
        rig.send(60, 10);
        mergeAll();
        List<Long> deleted = new ArrayList<>(rig.knownDeletes());
        rig.forgetStaged();
        rig.drop(SetMember.KEYED);
        rig.drop(SetMember.DELETES);

        assertThat(rig.rebuild(SetMember.KEYED, Existing.KEPT).complete()).isTrue();

        assertThat(rig.rows()).isEqualTo(rig.topic.fold());
        assertThat(rig.knownDeletes())
                .containsAll(deleted.stream()
                        .filter(id -> rig.topic.last(id).orElseThrow().value().isEmpty())
                        .toList());
    }
}
