package io.firn.deploy.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillCodec;
import io.firn.catalog.backfill.BackfillCounts;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.MergedBackfills;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Firn finds in a table's properties and snapshots, where other engines and people write too. */
final class LedgerFuzzTest {
    private static final Pattern ID = Pattern.compile("\"id\":\"([^\"]*)\"");

    private static final List<String> LEDGERS = List.of(
            "{}",
            "{\"orders\":{\"orders\":{\"id\":\"aBcDeFgHiJkLmNoPqRsTuV\",\"next\":{\"0\":1234,\"10\":7},"
                    + "\"start\":{\"0\":3,\"10\":7},\"until\":{\"0\":1763800000000},\"gaps\":{\"0\":[[5,9],[12,"
                    + "13]]}}}}",
            "{\"p\":{\"t\":{\"id\":\"b\",\"next\":{\"0\":8},\"start\":{\"0\":0},\"earlier\":[{\"id\":\"a\","
                    + "\"next\":{\"0\":99},\"start\":{\"0\":1}},{\"id\":\"c\",\"next\":{\"1\":5}}]},"
                    + "\"u\":{\"id\":\"x\",\"next\":{\"3\":0},\"new\":{\"x\":[1,{}]}}},\"q\":{}}");

    private static final Mutations LEDGER_MUTATIONS = new Mutations(List.of(
            "\"id\":\"z\"",
            "\"next\":{\"0\":5}",
            "\"start\":{\"0\":5}",
            "\"until\":{\"0\":5}",
            "\"gaps\":{\"0\":[[1,2]]}",
            "\"gaps\":{}",
            "\"earlier\":[]",
            "\"earlier\":[{\"id\":\"y\",\"next\":{\"7\":1}}]",
            "\"0\"",
            "\"1\":",
            "\"00\":",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "[7,6]",
            "[1,2,3]",
            "12.0",
            "1e3"));

    private static final Mutations BACKFILL_MUTATIONS = new Mutations(List.of(
            "\"next\":{\"0\":\"5\"}",
            "\"spans\":{\"0\":[5,3]}",
            "\"spans\":{}",
            "\"id\":7",
            "\"told\":{}",
            "\"mode\":\"missing\"",
            "\"state\":\"done\"",
            "\"0\"",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "12.5",
            "1e3"));

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] input) {
        return new String(input, StandardCharsets.UTF_8);
    }

    @Test
    void a_ledger_is_what_it_says_or_refused() {
        new Fuzzer("ledgers", 0.1)
                .run(
                        random -> LEDGER_MUTATIONS.of(bytes(LEDGERS.get(random.nextInt(LEDGERS.size()))), random),
                        input -> takeLedger(text(input)));
    }

    /** What the fuzzer found, and what it would have. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"p\":{\"t\":{\"id\":\"b\",\"next\":{},\"earlier\":[{\"id\":\"a\",\"next\":{\"0\":99}}]}}}",
                "{\"p\":{\"t\":{\"id\":\"b\",\"next\":{\"0\":8},\"earlier\":[{\"id\":\"a\",\"next\":{\"0\":99},"
                        + "\"earlier\":[{\"id\":\"c\",\"next\":{\"0\":5}}]}]}}}",
            })
    void a_ledger_that_was_found_by_chance_is_refused_or_kept_whole(String json) throws Exception {
        assertThat(takeLedger(json)).isIn(true, false);
    }

    private static boolean takeLedger(String json) throws Exception {
        Ledger ledger;
        try {
            ledger = LedgerCodec.read(json, "fuzz");
        } catch (FirnException refused) {
            assertThat(refused.code()).isEqualTo("ledger-unreadable");
            return false;
        }
        assertThat(LedgerCodec.read(LedgerCodec.write(ledger), "again")).isEqualTo(ledger);
        Map<?, ?> pipelines = (Map<?, ?>) JsonTree.read(json);
        pipelines.forEach((pipeline, topics) -> ((Map<?, ?>) topics).forEach((topic, each) -> {
            String id = (String) member(each, "id");
            Map<?, ?> next = (Map<?, ?>) member(each, "next");
            next.forEach((partition, offset) -> assertThat(ledger.next(
                            (String) pipeline,
                            new SourcePartition((String) topic, id, Integer.parseInt((String) partition))))
                    .hasValue(Long.parseLong(((JsonTree.Number) offset).text())));
        }));
        return true;
    }

    private static String backfill(SplittableRandom random) {
        TreeMap<Integer, OffsetRange> spans = new TreeMap<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            long from = random.nextLong(100);
            spans.put(random.nextInt(5), new OffsetRange(from, from + 1 + random.nextLong(100)));
        }
        Instant at = Instant.parse("2026-11-22T05:00:00.001Z");
        BackfillTask task = new BackfillTask(
                "orders",
                "orders",
                "aBcDeFgHiJkLmNoPqRsTuV",
                random.nextBoolean() ? BackfillMode.REPLACE : BackfillMode.MISSING,
                spans,
                1 + random.nextInt(250_000),
                random.nextBoolean() ? List.of() : List.of("\"told\"\n"),
                "alice",
                at);
        BackfillState state = BackfillState.accepted("1f", new UUID(1, 2), task);
        Change change = new Change(new UUID(random.nextLong(), 4), "me", at);
        if (random.nextBoolean()) {
            state = state.after(
                    Map.of(spans.firstKey(), spans.firstEntry().getValue().end()),
                    new BackfillCounts(1, 2, 3, 4, 5, 6, 0, 7),
                    new UUID(5, 6),
                    change);
        }
        if (random.nextBoolean()) {
            state = state.with(new Standing(Phase.FAILED, Optional.of("why \"")), change);
        }
        return BackfillCodec.write(state);
    }

    @Test
    void the_state_of_a_backfill_is_what_it_says_or_refused() {
        new Fuzzer("backfills", 0.05)
                .run(
                        random -> BACKFILL_MUTATIONS.of(bytes(backfill(random)), random),
                        input -> takeBackfill(text(input)));
    }

    /** What the fuzzer found. */
    @ParameterizedTest
    @ValueSource(
            strings = {"\"next\":{\"0\":\"5\"}", "\"next\":{\"0\":1.5}", "\"chunk\":\"7\"", "\"spans\":{\"0\":[5]}"})
    void numbers_that_are_none_are_refused(String instead) throws Exception {
        String good = backfill(new SplittableRandom(1));
        String field = instead.substring(0, instead.indexOf(':') + 1);
        String bad = good.replaceFirst(field + "(\\{[^}]*\\}|\\d+)", Matcher.quoteReplacement(instead));
        assertThat(bad).isNotEqualTo(good);
        assertThat(takeBackfill(bad)).isFalse();
    }

    /** What the fuzzer found: of each span alone there is nothing to say. */
    @Test
    void spans_that_are_too_many_offsets_to_count_are_refused() throws Exception {
        String good = backfill(new SplittableRandom(1));
        String spans = "\"spans\":{\"0\":[0,50],\"4\":[7,9223372036854775807]}";
        String bad = good.replaceFirst("\"spans\":\\{[^}]*\\}", Matcher.quoteReplacement(spans));
        assertThat(bad).isNotEqualTo(good);
        assertThat(takeBackfill(bad)).isFalse();
    }

    /** The property in which a state with that id belongs. */
    private static String key(String json) {
        Matcher id = ID.matcher(json);
        return "firn.backfill." + (id.find() ? id.group(1) : "");
    }

    private static boolean takeBackfill(String json) throws Exception {
        BackfillState state;
        try {
            state = BackfillCodec.read(key(json), json, "fuzz");
        } catch (FirnException refused) {
            assertThat(refused.code()).isEqualTo("backfill-unreadable");
            return false;
        }
        assertThat(BackfillCodec.read(state.key(), BackfillCodec.write(state), "again"))
                .isEqualTo(state);
        Map<?, ?> read = (Map<?, ?>) JsonTree.read(json);
        assertThat(state.task().chunk()).isEqualTo(number(member(read, "chunk")));
        Map<?, ?> next = (Map<?, ?>) member(read, "next");
        assertThat(state.next()).hasSize(next.size());
        next.forEach((partition, offset) -> assertThat(state.next().get(Integer.valueOf((String) partition)))
                .isEqualTo(number(offset)));
        Map<?, ?> spans = (Map<?, ?>) member(read, "spans");
        assertThat(state.task().spans()).hasSize(spans.size());
        spans.forEach((partition, span) -> {
            List<?> ends = (List<?>) span;
            assertThat(state.task().spans().get(Integer.valueOf((String) partition)))
                    .isEqualTo(new OffsetRange(number(ends.get(0)), number(ends.get(1))));
        });
        assertThat(state.left(0).start()).isGreaterThanOrEqualTo(0);
        assertThat(state.done()).isLessThanOrEqualTo(state.task().total());
        return true;
    }

    private static Object member(Object of, String name) {
        return Objects.requireNonNull(((Map<?, ?>) of).get(name), name);
    }

    private static long number(Object read) {
        return Long.parseLong(((JsonTree.Number) read).text());
    }

    @Test
    void what_is_merged_of_backfills_is_what_it_says_or_refused() {
        new Fuzzer("merged backfills", 0.02)
                .run(
                        random -> {
                            TreeMap<Integer, Long> next = new TreeMap<>(Map.of(0, random.nextLong(100), 3, 7L));
                            MergedBackfills merged = new MergedBackfills(
                                    new TreeSet<>(List.of("1f", "2a")), new TreeMap<>(Map.of("3b", next)));
                            return BACKFILL_MUTATIONS.of(bytes(merged.text(new UUID(1, 2))), random);
                        },
                        input -> {
                            MergedBackfills merged;
                            try {
                                merged = MergedBackfills.parse(text(input), "fuzz");
                            } catch (FirnException refused) {
                                assertThat(refused.code()).isEqualTo("backfill-unreadable");
                                return false;
                            }
                            assertThat(MergedBackfills.parse(merged.text(new UUID(3, 4)), "again"))
                                    .isEqualTo(merged);
                            if (input.length > 0) {
                                Map<?, ?> read = (Map<?, ?>) JsonTree.read(text(input));
                                assertThat(merged.whole())
                                        .hasSize(new TreeSet<>((List<?>) member(read, "whole")).size());
                                assertThat(merged.next()).hasSize(((Map<?, ?>) member(read, "next")).size());
                            }
                            return true;
                        });
    }
}
