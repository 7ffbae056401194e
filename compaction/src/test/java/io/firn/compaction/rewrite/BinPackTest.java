package io.firn.compaction.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class BinPackTest {
    private static final long TARGET = 1_000;
    private static final RewriteSettings SETTINGS = RewriteSettings.target(TARGET);

    private final BinPack packing = new BinPack(SETTINGS);

    @Property(tries = 500)
    void everyFileIsInOneGroupAtMostAndNoGroupOverfills(@ForAll("files") List<BinPack.Item<Integer>> files) {
        Set<Integer> seen = new HashSet<>();
        for (List<BinPack.Item<Integer>> group : packing.groups(files)) {
            assertThat(group).isNotEmpty();
            group.forEach(item -> assertThat(seen.add(item.file())).isTrue());
            assertThat(group.size() == 1 || bytes(group) <= SETTINGS.groupBytes())
                    .isTrue();
        }
    }

    @Property(tries = 500)
    void everyGroupLeavesFewerFilesOrFewerDeletes(@ForAll("files") List<BinPack.Item<Integer>> files) {
        for (List<BinPack.Item<Integer>> group : packing.groups(files)) {
            assertThat(group.size() > 1 || group.get(0).dirty()).isTrue();
        }
    }

    @Property(tries = 500)
    void everyFileWithManyDeletesIsTaken(@ForAll("files") List<BinPack.Item<Integer>> files) {
        List<BinPack.Item<Integer>> taken =
                packing.groups(files).stream().flatMap(List::stream).toList();
        assertThat(taken).containsAll(files.stream().filter(BinPack.Item::dirty).toList());
    }

    @Property(tries = 500)
    void groupsKeepTheOrderOfCommits(@ForAll("files") List<BinPack.Item<Integer>> files) {
        for (List<BinPack.Item<Integer>> group : packing.groups(files)) {
            assertThat(group.stream().map(BinPack.Item::sequence)).isSorted();
        }
    }

    @Property(tries = 500)
    void itComesToRest(@ForAll("files") List<BinPack.Item<Integer>> files) {
        List<BinPack.Item<Integer>> now = files;
        for (int round = 0; round < 20; round++) {
            List<List<BinPack.Item<Integer>>> groups = packing.groups(now);
            if (groups.isEmpty()) {
                return;
            }
            now = after(now, groups);
        }
        assertThat(packing.groups(now)).isEmpty();
    }

    @Example
    void aPartitionToWhichFilesComeAllTheTimeIsNotWrittenAgainEachTime() {
        List<BinPack.Item<Integer>> now = new ArrayList<>();
        long written = 0;
        for (int file = 0; file < 700; file++) {
            now.add(new BinPack.Item<>(1, file, false, file));
            List<List<BinPack.Item<Integer>>> groups = packing.groups(now);
            written += groups.stream().mapToLong(BinPackTest::bytes).sum();
            now = after(now, groups);
        }
        assertThat(now).hasSizeLessThan(20);
        assertThat(written).isLessThan(700 * 10);
    }

    @Provide
    Arbitrary<List<BinPack.Item<Integer>>> files() {
        Arbitrary<Long> bytes = Arbitraries.oneOf(
                Arbitraries.longs().between(0, 100),
                Arbitraries.longs().between(100, TARGET),
                Arbitraries.longs().between(TARGET, 3 * TARGET));
        Arbitrary<Boolean> dirty = Arbitraries.integers().between(0, 9).map(kind -> kind == 0);
        Arbitrary<Long> sequence = Arbitraries.longs().between(1, 50);
        return Combinators.combine(bytes, sequence, dirty)
                .as((size, number, deletes) -> new BinPack.Item<>(size, number, deletes, 0))
                .list()
                .ofMaxSize(60)
                .map(BinPackTest::numbered);
    }

    private static List<BinPack.Item<Integer>> numbered(List<BinPack.Item<Integer>> items) {
        List<BinPack.Item<Integer>> numbered = new ArrayList<>();
        for (BinPack.Item<Integer> item : items) {
            numbered.add(new BinPack.Item<>(item.bytes(), item.sequence(), item.dirty(), numbered.size()));
        }
        return numbered;
    }

    /** The partition after the groups were rewritten. */
    private static List<BinPack.Item<Integer>> after(
            List<BinPack.Item<Integer>> before, List<List<BinPack.Item<Integer>>> groups) {
        List<BinPack.Item<Integer>> now = new ArrayList<>(before);
        for (List<BinPack.Item<Integer>> group : groups) {
            now.removeAll(group);
            long sequence =
                    before.stream().mapToLong(BinPack.Item::sequence).max().orElse(0);
            now.add(new BinPack.Item<>(bytes(group), sequence, false, 0));
        }
        return numbered(now);
    }

    private static long bytes(List<BinPack.Item<Integer>> group) {
        return group.stream().mapToLong(BinPack.Item::bytes).sum();
    }
}
