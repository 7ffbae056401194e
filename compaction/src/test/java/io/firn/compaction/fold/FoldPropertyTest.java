package io.firn.compaction.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.compaction.fold.NaiveFold.Event;
import io.firn.compaction.fold.Sources.Source;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The fold against the order as it is written down, by streams made from a seed. */
final class FoldPropertyTest {
    private static final Path FOLDER = Path.of(System.getProperty("java.io.tmpdir"));

    @Property(tries = 150)
    void recordsOfOneRunMayComeInAnyOrderAndAnyNumberOfTimes(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int size, @ForAll boolean versioned) {
        Random random = new Random(seed);
        List<Event> events = stream(random, size, versioned);
        List<Event> shuffled = new ArrayList<>(events);
        shuffled.addAll(events.subList(0, random.nextInt(events.size() + 1)));
        Collections.shuffle(shuffled, random);

        Known known = new Known(versioned, 1 << 20);
        known.run(shuffled);

        known.requireEqualTo(NaiveFold.winners(events, versioned), events);
    }

    @Property(tries = 150)
    void runsMayEndAnywhereAndOnlyTheirWinnersAreKept(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 80) int size, @ForAll boolean versioned) {
        Random random = new Random(seed);
        List<Event> events = interleaved(stream(random, size, versioned), random);
        Known known = new Known(versioned, 1 << 20);
        for (int from = 0; from < events.size(); ) {
            int to = Math.min(events.size(), from + 1 + random.nextInt(12));
            List<Event> run = new ArrayList<>(events.subList(from, to));
            // Replays: the ledger keeps them out, and they would do no harm.
            run.addAll(events.subList(0, random.nextInt(from + 1)).stream()
                    .filter(event -> random.nextInt(4) == 0 && known.isLast(event))
                    .toList());
            Collections.shuffle(run, random);
            known.run(run);
            known.requireEqualTo(NaiveFold.winners(events.subList(0, to), versioned), events.subList(0, to));
            from = to;
        }
    }

    @Property(tries = 6)
    void spillingChangesNothing(@ForAll long seed, @ForAll boolean versioned) {
        Random random = new Random(seed);
        List<Event> events = stream(random, 30_000, 9_000, versioned);
        Collections.shuffle(events, random);
        Known known = new Known(versioned, 2 << 20);
        known.run(events);
        assertThat(known.spilled).isPositive();
        known.requireEqualTo(NaiveFold.winners(events, versioned), events);
    }

    private static List<Event> stream(Random random, int size, boolean versioned) {
        return stream(random, size, 1 + random.nextInt(8), versioned);
    }

    private static List<Event> stream(Random random, int size, int keys, boolean versioned) {
        long[] next = new long[4];
        List<Event> events = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int source = random.nextInt(next.length);
            next[source] += 1 + random.nextInt(3);
            Optional<Long> version =
                    !versioned || random.nextInt(5) == 0 ? Optional.empty() : Optional.of((long) random.nextInt(4) - 1);
            events.add(new Event(
                    i,
                    "key-" + random.nextInt(keys),
                    "topic-" + source / 2,
                    source % 2,
                    next[source],
                    i + random.nextInt(20) - 10,
                    version,
                    random.nextInt(4) == 0));
        }
        return events;
    }

    /** Offsets of a partition stay in order, everything else does not. */
    private static List<Event> interleaved(List<Event> events, Random random) {
        Map<Source, List<Event>> bySource = new HashMap<>();
        events.forEach(event ->
                bySource.computeIfAbsent(source(event), s -> new ArrayList<>()).add(event));
        List<List<Event>> queues = new ArrayList<>(bySource.values());
        List<Event> mixed = new ArrayList<>();
        while (!queues.isEmpty()) {
            List<Event> queue = queues.get(random.nextInt(queues.size()));
            int run = 1 + random.nextInt(queue.size());
            mixed.addAll(queue.subList(0, run));
            queue.subList(0, run).clear();
            queues.removeIf(List::isEmpty);
        }
        return mixed;
    }

    private static Source source(Event event) {
        return new Source(event.topic(), "", event.partition());
    }

    /** What a merge keeps between its runs: of each key the winner with its order timestamp, and nothing else. */
    private static final class Known {
        private record Winner(Event event, long orderTimestamp) {}

        private final Map<String, Winner> winners = new HashMap<>();
        private final Sources sources = new Sources();
        private final boolean versioned;
        private final long budget;
        private long spilled;

        Known(boolean versioned, long budget) {
            this.versioned = versioned;
            this.budget = budget;
        }

        boolean isLast(Event event) {
            Winner winner = winners.get(event.key());
            return winner != null && winner.event().equals(event);
        }

        void run(List<Event> events) {
            Candidate candidate = new Candidate();
            SpillingFold.Affinity affinity = new ByLastLetter();
            Path folder = FOLDER.resolve("fold-" + UUID.randomUUID());
            try (SpillingFold fold = new SpillingFold(sources, versioned, budget, folder, affinity)) {
                for (int i = 0; i < events.size(); i++) {
                    KeyBuffer key = key(events.get(i).key());
                    fill(candidate, events.get(i), events.get(i).timestamp(), i);
                    fold.offer(key, key.hash(), candidate);
                }
                for (WinnerTable part = fold.nextPart(); part != null; part = fold.nextPart()) {
                    probe(part, events, candidate);
                }
                spilled += fold.spilled();
            }
        }

        private void probe(WinnerTable part, List<Event> events, Candidate candidate) {
            winners.forEach((text, winner) -> {
                KeyBuffer key = key(text);
                int head = part.find(key, key.hash());
                if (head >= 0) {
                    fill(candidate, winner.event(), winner.orderTimestamp(), Candidate.INCUMBENT);
                    part.offer(head, candidate);
                    part.markMatched(head);
                }
            });
            KeyBuffer key = new KeyBuffer();
            for (int number = 0; number < part.size(); number++) {
                int head = part.head(number);
                int winner = part.winner(head);
                part.key(head, key);
                String text = new String(key.bytes(), 0, key.length(), StandardCharsets.UTF_8);
                assertThat(part.isMatched(head)).isEqualTo(winners.containsKey(text));
                long pointer = part.pointer(winner);
                Event event = pointer == Candidate.INCUMBENT
                        ? java.util.Objects.requireNonNull(winners.get(text)).event()
                        : events.get((int) pointer);
                assertThat(part.deletes(winner)).isEqualTo(event.deletes());
                winners.put(text, new Winner(event, part.timestamp(winner)));
            }
        }

        private void fill(Candidate candidate, Event event, long timestamp, long pointer) {
            candidate.source = sources.number(source(event));
            candidate.offset = event.offset();
            candidate.timestamp = timestamp;
            candidate.version = event.version().orElse(0L);
            candidate.versionNull = event.version().isEmpty();
            candidate.deletes = event.deletes();
            candidate.pointer = pointer;
        }

        void requireEqualTo(Map<String, Event> expected, List<Event> events) {
            Map<String, List<Event>> byKey = new HashMap<>();
            events.forEach(event ->
                    byKey.computeIfAbsent(event.key(), key -> new ArrayList<>()).add(event));
            assertThat(winners.keySet()).isEqualTo(expected.keySet());
            winners.forEach((key, winner) -> {
                assertThat(winner.event()).isEqualTo(expected.get(key));
                List<Event> same = java.util.Objects.requireNonNull(byKey.get(key));
                assertThat(winner.orderTimestamp())
                        .isEqualTo(NaiveFold.orderTimestamp(winner.event(), same, versioned));
            });
        }

        private static KeyBuffer key(String text) {
            KeyBuffer key = new KeyBuffer();
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            key.set(bytes, 0, bytes.length);
            return key;
        }
    }

    private static final class ByLastLetter implements SpillingFold.Affinity {
        @Override
        public int of(KeyBuffer key) {
            return key.bytes()[key.length() - 1] & 3;
        }

        @Override
        public int count() {
            return 4;
        }
    }
}
