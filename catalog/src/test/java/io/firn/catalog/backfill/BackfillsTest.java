package io.firn.catalog.backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.ledger.OffsetRange;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackfillsTest {
    private static final String NAME = "shop.orders";
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final InMemoryTables tables = new InMemoryTables();
    private Backfills backfills;

    @BeforeEach
    void openTable() {
        tables.create(
                NAME,
                new Schema(Types.NestedField.optional(1, "id", Types.LongType.get())),
                PartitionSpec.unpartitioned(),
                Map.of());
        backfills = other(1);
    }

    private Backfills other(long seed) {
        return new Backfills(tables.open(NAME), new Random(seed), Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private static BackfillTask task() {
        TreeMap<Integer, OffsetRange> spans = new TreeMap<>();
        spans.put(0, new OffsetRange(5, 25));
        spans.put(3, new OffsetRange(0, 10));
        return new BackfillTask(
                "orders", "t", "id", BackfillMode.REPLACE, spans, 7, List.of("\"told\"\n"), "a person", NOW);
    }

    @Test
    void everyStateReadsAsItWasWritten() {
        BackfillState accepted = BackfillState.accepted("x", new UUID(1, 2), task());
        BackfillCounts counts = new BackfillCounts(0, 1, 2, 3, 4, 5, 0, 7);
        Change change = new Change(new UUID(3, 4), "me", NOW.plusNanos(1_001));
        BackfillState further = accepted.after(Map.of(0, 9L), counts, new UUID(5, 6), change);
        BackfillState failed = further.with(new Standing(Phase.FAILED, Optional.of("why \"")), change);
        BackfillState branched =
                BackfillState.accepted("x", new UUID(1, 2), task().on(new BackfillBranch("a-branch", 77, 3)));
        BackfillState ready = branched.with(new Standing(Phase.READY, Optional.empty()), change);
        BackfillState published = ready.published(counts.onMain(5, 2), new UUID(7, 8), change);
        assertThat(published.counts().added()).isEqualTo(3);
        for (BackfillState state :
                List.of(accepted, further, failed, further.restarted(change), branched, ready, published)) {
            String text = BackfillCodec.write(state);
            assertThat(BackfillCodec.read("firn.backfill.x", text, "t")).isEqualTo(state);
            assertThat(BackfillCodec.write(BackfillCodec.read("firn.backfill.x", text, "t")))
                    .isEqualTo(text);
        }
        assertThat(further.done()).isEqualTo(4);
        assertThat(further.secondsLeft()).hasValue(4);
        assertThatThrownBy(() -> BackfillCodec.read("firn.backfill.x", "{\"id\":", "here"))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("backfill-unreadable"));
    }

    @Test
    void whatOneProcessAcceptsAnotherFinds() {
        BackfillState accepted = backfills.accept(task());
        assertThat(other(2).find(accepted.id())).contains(accepted);
        assertThat(other(2).all()).containsExactly(accepted);
    }

    @Test
    void aLostAnswerAcceptsItOnce() {
        tables.loseNextReply();
        backfills.accept(task());
        assertThat(other(2).all()).hasSize(1);
    }

    @Test
    void ofTwoChangesFromTheSameStateOneLoses() {
        BackfillState accepted = backfills.accept(task());
        Backfills rival = other(2);
        assertThat(rival.replace(accepted, accepted.with(accepted.standing(), new Change(new UUID(1, 1), "a", NOW))))
                .isTrue();
        assertThat(backfills.replace(
                        accepted, accepted.with(accepted.standing(), new Change(new UUID(1, 2), "b", NOW))))
                .isFalse();
    }

    @Test
    void oneThatHasEndedCannotBeCancelled() {
        BackfillState accepted = backfills.accept(task());
        backfills.fail(accepted.id(), "broken");
        assertThatThrownBy(() -> backfills.cancel(accepted.id(), "me"))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("backfill-over"));
        assertThat(backfills.find(accepted.id()).orElseThrow().standing().error())
                .contains("broken");
    }

    @Test
    void thoseThatEndedLongAgoGoAndRunningOnesStay() {
        BackfillState running = backfills.accept(task());
        for (int i = 0; i < 30; i++) {
            backfills.cancel(backfills.accept(task()).id(), "me");
        }
        assertThat(backfills.all()).hasSizeBetween(20, 22).contains(running);
    }

    @Test
    void onePropertyThatCannotBeReadHidesNoOtherAndIsNamed() {
        BackfillState accepted = backfills.accept(task());
        put("firn.backfill.broken", "{");
        put("firn.backfill.empty", "");
        assertThat(other(2).all()).containsExactly(accepted);
        KnownBackfills known = Backfills.known(tables.open(NAME));
        assertThat(known.states()).containsExactly(accepted);
        assertThat(known.unreadable())
                .extracting(KnownBackfills.Unreadable::property)
                .containsExactly("firn.backfill.broken", "firn.backfill.empty");
        assertThat(backfills.accept(task()).id()).as("another one is accepted").isNotEmpty();
    }

    /** What to replace in a state that Firn wrote, and by what. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    "id":"x"             | "id":"y"
                    "chunk":7            | "chunk":0
                    "chunk":7            | "chunk":-9
                    "pipeline":"orders"  | "pipeline":" "
                    "topicId":"id"       | "topicId":""
                    [5,25]               | [-5,25]
                    [5,25]               | [5,5]
                    [5,25]               | [25,5]
                    "next":{"0":5,       | "next":{"0":4,
                    "next":{"0":5,       | "next":{"0":26,
                    "next":{"0":5,       | "next":{"7":5,
                    "records":0          | "records":-1
                    "state":"running"    | "state":"ready"
                    "state":"running"    | "state":"publishing"
                    "state":"running"    | "state":"other"
                    "owner":""           | "owner":"","branch":{"name":"main","base":1,"sequence":1}
                    "owner":""           | "owner":"","branch":{"name":"a b","base":1,"sequence":1}
                    """)
    void aStateThatNoRequestCouldHaveLedToIsNone(String from, String to) {
        String text = BackfillCodec.write(BackfillState.accepted("x", new UUID(1, 2), task()));
        assertThat(text).contains(from);
        put("firn.backfill.x", text);
        assertThat(Backfills.read(tables.open(NAME))).hasSize(1);
        put("firn.backfill.x", text.replace(from, to));
        KnownBackfills known = Backfills.known(tables.open(NAME));
        assertThat(known.states()).isEmpty();
        assertThat(known.unreadable()).hasSize(1);
    }

    private void put(String key, String value) {
        tables.open(NAME).updateProperties().set(key, value).commit();
    }
}
