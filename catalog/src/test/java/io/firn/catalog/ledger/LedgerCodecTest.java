package io.firn.catalog.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LedgerCodecTest {
    private static final SourcePartition P0 = new SourcePartition("orders", "aBc", 0);
    private static final SourcePartition P10 = new SourcePartition("orders", "aBc", 10);

    @Test
    void theTextIsWhatOtherToolsRelyOn() {
        TreeMap<SourcePartition, PartitionEntry> entries = new TreeMap<>();
        entries.put(P0, new PartitionEntry(3, 1234, OptionalLong.of(99), List.of(new OffsetRange(5, 9))));
        entries.put(P10, PartitionEntry.startingAt(7));

        assertThat(LedgerCodec.write(Ledger.empty().with("p", entries)))
                .isEqualTo("{\"p\":{\"orders\":{\"id\":\"aBc\",\"next\":{\"0\":1234,\"10\":7},"
                        + "\"start\":{\"0\":3,\"10\":7},\"until\":{\"0\":99},\"gaps\":{\"0\":[[5,9]]}}}}");
        assertThat(LedgerCodec.write(Ledger.empty())).isEqualTo("{}");
    }

    @Test
    void anIncarnationThatIsReplacedStaysKnownWithoutItsTimes() {
        PartitionEntry entry = new PartitionEntry(3, 1234, OptionalLong.of(99), List.of(new OffsetRange(5, 9)));
        PartitionEntry timeless = new PartitionEntry(3, 1234, OptionalLong.empty(), entry.gaps());
        SourcePartition again = new SourcePartition("orders", "Again", 0);
        Ledger ledger = Ledger.empty()
                .with("p", Map.of(P0, entry, P10, PartitionEntry.startingAt(7)))
                .with("p", Map.of(again, PartitionEntry.startingAt(0)))
                .with("p", Map.of(again, new PartitionEntry(0, 8, OptionalLong.empty(), List.of())));

        assertThat(ledger.partitions("p")).containsOnlyKeys(again);
        assertThat(ledger.earlier("p", "orders"))
                .containsExactly(new TreeMap<>(Map.of(P0, timeless, P10, PartitionEntry.startingAt(7))));
        assertThat(ledger.incarnations("p", "orders")).hasSize(2).last().isEqualTo(ledger.partitions("p"));
        assertThat(ledger.incarnations("p", "others")).isEmpty();
        assertThat(LedgerCodec.write(ledger))
                .isEqualTo("{\"p\":{\"orders\":{\"id\":\"Again\",\"next\":{\"0\":8},\"start\":{\"0\":0},"
                        + "\"earlier\":[{\"id\":\"aBc\",\"next\":{\"0\":1234,\"10\":7},"
                        + "\"start\":{\"0\":3,\"10\":7},\"gaps\":{\"0\":[[5,9]]}}]}}}");
        assertThat(LedgerCodec.read(LedgerCodec.write(ledger), "test")).isEqualTo(ledger);
        assertThat(ledger.withoutTimes()).isEqualTo(ledger);
    }

    @Test
    void idAndNextAloneAreALedgerAndUnknownKeysAreSkipped() {
        Ledger ledger = LedgerCodec.read(
                "{\"p\":{\"orders\":{\"next\":{\"0\":12},\"id\":\"aBc\",\"new\":{\"x\":[1,{}],\"next\":{\"0\":99}}}}}",
                "test");

        assertThat(ledger.entry("p", P0)).contains(PartitionEntry.startingAt(12));
    }

    @Test
    void aGapMayBeginAtTheFirstOffsetAndBeEmpty() {
        String json = "{\"p\":{\"orders\":{\"id\":\"aBc\",\"next\":{\"0\":9},\"gaps\":{\"0\":[[0,5],[7,7]]}}}}";

        assertThat(LedgerCodec.read(json, "test").entry("p", P0).orElseThrow().gaps())
                .containsExactly(new OffsetRange(0, 5), new OffsetRange(7, 7));
    }

    @Test
    void eachTopicOfAPipelineHasAnIdOfItsOwn() {
        Ledger ledger = Ledger.empty()
                .with(
                        "p",
                        Map.of(
                                P0,
                                PartitionEntry.startingAt(7),
                                new SourcePartition("returns", "xYz", 0),
                                PartitionEntry.startingAt(8)));

        assertThat(ledger.topicId("p", "orders")).contains("aBc");
        assertThat(ledger.topicId("p", "returns")).contains("xYz");
        assertThat(ledger.topicId("p", "others")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{",
                "{}x",
                "{} {}",
                "{\"p\":1}",
                "{\"p\":{\"t\":[]}}",
                "{\"p\":{\"t\":{\"next\":{\"0\":1}}}}",
                "{\"p\":{\"t\":{\"id\":\"\",\"next\":{\"0\":1}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\"}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":\"1\"}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":1.0}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":-1}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":99999999999999999999}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"00\":1}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"-1\":1}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"x\":1}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":1,\"0\":2}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":1},\"start\":{\"1\":1}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":1},\"start\":{\"0\":2}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"gaps\":{\"0\":[[5]]}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"gaps\":{\"0\":[[5,4]]}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"gaps\":{\"0\":[[1,2,3]]}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"gaps\":{\"0\":[5]}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"gaps\":{\"0\":{}}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"gaps\":[]}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"until\":[]}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"earlier\":{}}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9},\"earlier\":[7]}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{},\"earlier\":[{\"id\":\"h\",\"next\":{\"0\":9}}]}}}",
                "{\"p\":{\"t\":{\"id\":\"i\",\"next\":{\"0\":9}}}"
            })
    void rubbishIsAnErrorThatSaysWhere(String json) {
        assertThatThrownBy(() -> LedgerCodec.read(json, "table shop.orders, snapshot 7"))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("ledger-unreadable"))
                .hasMessageContaining("table shop.orders, snapshot 7");
    }

    @Property(tries = 300)
    void everyLedgerIsReadAsItWasWritten(@ForAll("ledgers") Ledger ledger) {
        assertThat(LedgerCodec.read(LedgerCodec.write(ledger), "test")).isEqualTo(ledger);
    }

    @Example
    void anErrorNamesTheCharacter() {
        assertThatThrownBy(() -> LedgerCodec.read("{\"p\":1}", "test")).hasMessageContaining("at character 6");
    }

    @Provide
    Arbitrary<Ledger> ledgers() {
        Arbitrary<Map<SourcePartition, PartitionEntry>> pipeline =
                Arbitraries.maps(partitions(), entries()).ofMaxSize(8);
        return Arbitraries.maps(Arbitraries.strings().ofMinLength(1).ofMaxLength(6), pipeline)
                .ofMaxSize(3)
                .map(pipelines -> {
                    Ledger ledger = Ledger.empty();
                    for (Map.Entry<String, Map<SourcePartition, PartitionEntry>> each : pipelines.entrySet()) {
                        ledger = ledger.with(each.getKey(), each.getValue());
                    }
                    return ledger;
                });
    }

    /** One incarnation a topic, as a ledger has it. */
    private static Arbitrary<SourcePartition> partitions() {
        return Combinators.combine(
                        Arbitraries.of("orders", "a.b", "ü\"\\"),
                        Arbitraries.integers().greaterOrEqual(0))
                .as((topic, partition) -> new SourcePartition(topic, "id-" + topic, partition));
    }

    private static Arbitrary<PartitionEntry> entries() {
        Arbitrary<Long> offsets = Arbitraries.longs().between(0, Long.MAX_VALUE / 4);
        return Combinators.combine(
                        offsets,
                        offsets,
                        Arbitraries.longs().injectNull(0.5),
                        Arbitraries.integers().between(0, 3))
                .as((start, more, until, gaps) -> {
                    List<OffsetRange> spans = new ArrayList<>();
                    for (int gap = 0; gap < gaps; gap++) {
                        spans.add(new OffsetRange(start + gap * 2L, start + gap * 2L + 1));
                    }
                    return new PartitionEntry(
                            start, start + more, until == null ? OptionalLong.empty() : OptionalLong.of(until), spans);
                });
    }
}
