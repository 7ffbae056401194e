package io.firn.deploy.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.commit.FaultyCatalog;
import io.firn.catalog.commit.FaultyTable;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.upsert.RebuildMark;
import io.firn.catalog.upsert.SetMember;
import io.firn.compaction.JobResult.End;
import io.firn.deploy.rebuild.RebuildPlanner.Existing;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The rebuild of each table of a set, cut off at every one of its calls to catalog and store, with ingestion and merges
 * of another process in between, and run again: the keyed table is the fold of the topic, also after a replay. {@code
 * -Dfirn.faults.step=1} takes every call, the build every few.
 */
final class KilledRebuildTest {
    private static final int STEP = Integer.getInteger("firn.faults.step", 211);
    private static final Set<String> REFUSALS =
            Set.of("upsert-table-missing", "upsert-table-foreign", "upsert-rebuild-unfinished");

    /** What is rebuilt, and whether it is there before. */
    enum Rebuilt {
        KEYED(SetMember.KEYED, Existing.KEPT),
        DELETES(SetMember.DELETES, Existing.KEPT),
        STAGING(SetMember.STAGING, Existing.KEPT),
        REPLACED_KEYED(SetMember.KEYED, Existing.REPLACED),
        REPLACED_DELETES(SetMember.DELETES, Existing.REPLACED);

        private final SetMember member;
        private final Existing existing;

        Rebuilt(SetMember member, Existing existing) {
            this.member = member;
            this.existing = existing;
        }

        /** A staging table is there after fewer calls: nothing is read or merged. */
        private int step() {
            return member == SetMember.STAGING ? Math.max(1, STEP / 8) : STEP;
        }
    }

    @ParameterizedTest
    @EnumSource
    void whereverItIsCutOffTheNextRunEndsInTheFoldOfTheTopic(Rebuilt what, @TempDir Path directory) throws IOException {
        Catalog catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + directory.resolve("catalog.db"),
                "warehouse", "file:" + directory.resolve("warehouse")));
        boolean failed = true;
        int cut = 0;
        for (int call = 1 + what.ordinal() * STEP / 10; failed; call += what.step()) {
            SetRig rig = new SetRig(catalog, "s.o" + call, directory, new Random(call));
            rig.send(50, 15);
            rig.ingest();
            assertThat(rig.merge().end()).isEqualTo(End.DONE);
            rig.forgetStaged();
            rig.send(20, 15);
            rig.ingest();
            if (what.existing == Existing.KEPT) {
                rig.drop(what.member);
            }
            FaultyTable calls = new FaultyTable(call);

            cutOff(rig, new FaultyCatalog(catalog, calls), calls, what);
            failed = calls.failed();
            cut += failed ? 1 : 0;
            goOn(rig, what);
            if (isUnfinished(rig, what)) {
                var result = rig.rebuild(what.member, what.existing);
                assertThat(result.complete())
                        .as("after call %d: %s", call, result)
                        .isTrue();
            }

            rig.send(10, 15);
            rig.ingest();
            assertThat(rig.merge().end()).as("after call %d", call).isEqualTo(End.DONE);
            assertThat(rig.rows()).as("after call %d", call).isEqualTo(rig.topic.fold());
            rig.replay(new OffsetRange(0, 20));
            assertThat(rig.rows()).as("replayed after call %d", call).isEqualTo(rig.topic.fold());
            assertThat(rig.refusal()).as("after call %d", call).isEmpty();
        }
        ((Closeable) catalog).close();
        assertThat(cut).isPositive();
    }

    private static boolean isUnfinished(SetRig rig, Rebuilt what) {
        return rig.refusal().isPresent()
                || RebuildMark.of(rig.table(what.member)).isPresent();
    }

    /** Another process ingests and merges as far as it may; no key that is deleted may show up in the meantime. */
    private static void goOn(SetRig rig, Rebuilt what) {
        rig.send(10, 15);
        if (what.member != SetMember.STAGING || rig.refusal().isEmpty()) {
            rig.ingest();
        }
        try {
            var unused = rig.merge();
        } catch (FirnException refusal) {
            assertThat(REFUSALS).as("%s", refusal).contains(refusal.code());
            return;
        }
        if (what.member == SetMember.DELETES) {
            SortedMap<Long, Long> fold = rig.topic.fold();
            rig.replay(new OffsetRange(0, 20));
            rig.rows().forEach((id, value) -> assertThat(fold.containsKey(id) || isUnmerged(rig))
                    .as("key %d", id)
                    .isTrue());
        }
    }

    private static boolean isUnmerged(SetRig rig) {
        return rig.merged().entrySet().stream()
                .anyMatch(entry -> entry.getValue().next() < rig.topic.end(entry.getKey()));
    }

    private static void cutOff(SetRig rig, Catalog faulty, FaultyTable calls, Rebuilt what) {
        try {
            var unused = rig.rebuild(faulty, calls::failed, what.member, what.existing);
        } catch (FirnException gone) {
            assertThat(gone.kind()).as("%s", gone).isEqualTo(FirnException.Kind.EXTERNAL);
        } catch (UncheckedIOException gone) {
            assertThat(gone).hasStackTraceContaining("cut off at");
        }
    }
}
