package io.firn.catalog.ledger;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.firn.catalog.FirnException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The ledger's JSON: {@code {"pipeline":{"topic":{"id":"topic id","next":{"0":1234}}}}}, and beside {@code next}, where
 * they say something, {@code "start":{"0":0}}, {@code "until":{"0":epochMillis}}, {@code "gaps":{"0":[[5,9]]}} and, for
 * a topic that was created again, {@code "earlier":[{"id":"earlier id","next":{"0":99}}]}, the oldest first.
 *
 * <p>Reading is strict about what it knows (a wrong number would lose or double rows) and skips keys that it does not
 * know. A partition without {@code start} starts at its {@code next}: no claim is made about what lies before.
 */
public final class LedgerCodec {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private LedgerCodec() {}

    /** One line of JSON, keys ascending, so that equal ledgers have equal text. */
    public static String write(Ledger ledger) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            out.writeStartObject();
            for (Map.Entry<String, SortedMap<SourcePartition, PartitionEntry>> pipeline :
                    ledger.pipelines().entrySet()) {
                out.writeObjectFieldStart(pipeline.getKey());
                for (Map.Entry<String, SortedMap<SourcePartition, PartitionEntry>> topic :
                        byTopic(pipeline.getValue()).entrySet()) {
                    out.writeObjectFieldStart(topic.getKey());
                    writeTopic(out, topic.getValue());
                    writeEarlier(out, ledger.earlier(pipeline.getKey(), topic.getKey()));
                    out.writeEndObject();
                }
                out.writeEndObject();
            }
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /**
     * @param where what the text was read from, for the message
     * @throws FirnException {@code ledger-unreadable}
     */
    public static Ledger read(String json, String where) {
        try (JsonParser in = JSON.createParser(json)) {
            Ledger ledger = Ledger.empty();
            expect(in, in.nextToken(), JsonToken.START_OBJECT);
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String pipeline = in.currentName();
                expect(in, in.nextToken(), JsonToken.START_OBJECT);
                ledger = readPipeline(in, pipeline, ledger);
            }
            if (in.nextToken() != null) {
                throw new Rubbish("something follows the ledger", in);
            }
            return ledger;
        } catch (Rubbish e) {
            throw unreadable(e.getMessage(), where, e);
        } catch (JsonProcessingException e) {
            throw unreadable(e.getOriginalMessage() + at(e.getLocation()), where, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Ledger readPipeline(JsonParser in, String pipeline, Ledger before) throws IOException {
        TreeMap<SourcePartition, PartitionEntry> entries = new TreeMap<>();
        TreeMap<String, List<TreeMap<SourcePartition, PartitionEntry>>> earlier = new TreeMap<>();
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String topic = in.currentName();
            expect(in, in.nextToken(), JsonToken.START_OBJECT);
            TopicReader reader = new TopicReader(in, topic);
            reader.readInto(entries);
            earlier.put(topic, reader.earlier);
        }
        Ledger ledger = before.with(pipeline, entries);
        for (Map.Entry<String, List<TreeMap<SourcePartition, PartitionEntry>>> topic : earlier.entrySet()) {
            for (TreeMap<SourcePartition, PartitionEntry> incarnation : topic.getValue()) {
                ledger = ledger.withEarlier(pipeline, topic.getKey(), incarnation);
            }
        }
        return ledger;
    }

    static FirnException unreadable(@Nullable String what, String where, Exception cause) {
        return new FirnException(
                "ledger-unreadable",
                FirnException.Kind.USER,
                "the ledger cannot be read: " + what,
                where,
                "roll the table back to a snapshot whose firn.offsets is whole",
                cause);
    }

    private static TreeMap<String, SortedMap<SourcePartition, PartitionEntry>> byTopic(
            SortedMap<SourcePartition, PartitionEntry> entries) {
        TreeMap<String, SortedMap<SourcePartition, PartitionEntry>> topics = new TreeMap<>();
        entries.forEach((partition, entry) -> topics.computeIfAbsent(partition.topic(), topic -> new TreeMap<>())
                .put(partition, entry));
        return topics;
    }

    private static void writeEarlier(JsonGenerator out, List<SortedMap<SourcePartition, PartitionEntry>> incarnations)
            throws IOException {
        if (incarnations.isEmpty()) {
            return;
        }
        out.writeArrayFieldStart("earlier");
        for (SortedMap<SourcePartition, PartitionEntry> each : incarnations) {
            out.writeStartObject();
            writeTopic(out, each);
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    private static void writeTopic(JsonGenerator out, SortedMap<SourcePartition, PartitionEntry> partitions)
            throws IOException {
        out.writeStringField("id", partitions.firstKey().topicId());
        out.writeObjectFieldStart("next");
        for (Map.Entry<SourcePartition, PartitionEntry> each : partitions.entrySet()) {
            out.writeNumberField(key(each.getKey()), each.getValue().next());
        }
        out.writeEndObject();
        out.writeObjectFieldStart("start");
        for (Map.Entry<SourcePartition, PartitionEntry> each : partitions.entrySet()) {
            out.writeNumberField(key(each.getKey()), each.getValue().start());
        }
        out.writeEndObject();
        if (partitions.values().stream().anyMatch(entry -> entry.until().isPresent())) {
            out.writeObjectFieldStart("until");
            for (Map.Entry<SourcePartition, PartitionEntry> each : partitions.entrySet()) {
                if (each.getValue().until().isPresent()) {
                    out.writeNumberField(
                            key(each.getKey()), each.getValue().until().getAsLong());
                }
            }
            out.writeEndObject();
        }
        if (partitions.values().stream().anyMatch(entry -> !entry.gaps().isEmpty())) {
            out.writeObjectFieldStart("gaps");
            for (Map.Entry<SourcePartition, PartitionEntry> each : partitions.entrySet()) {
                if (!each.getValue().gaps().isEmpty()) {
                    writeSpans(out, key(each.getKey()), each.getValue().gaps());
                }
            }
            out.writeEndObject();
        }
        writeRows(out, partitions);
    }

    private static void writeRows(JsonGenerator out, SortedMap<SourcePartition, PartitionEntry> partitions)
            throws IOException {
        if (partitions.values().stream().allMatch(entry -> entry.rows().isEmpty())) {
            return;
        }
        out.writeObjectFieldStart("rows");
        for (Map.Entry<SourcePartition, PartitionEntry> each : partitions.entrySet()) {
            Optional<RowCount> rows = each.getValue().rows();
            if (rows.isPresent()) {
                out.writeFieldName(key(each.getKey()));
                out.writeArray(new long[] {rows.get().from(), rows.get().rows()}, 0, 2);
            }
        }
        out.writeEndObject();
    }

    private static void writeSpans(JsonGenerator out, String key, List<OffsetRange> spans) throws IOException {
        out.writeArrayFieldStart(key);
        for (OffsetRange span : spans) {
            out.writeArray(new long[] {span.start(), span.end()}, 0, 2);
        }
        out.writeEndArray();
    }

    private static String key(SourcePartition partition) {
        return Integer.toString(partition.partition());
    }

    private static void expect(JsonParser in, @Nullable JsonToken found, JsonToken expected) throws Rubbish {
        if (found != expected) {
            throw new Rubbish("expected " + expected + ", found " + (found == null ? "the end" : found), in);
        }
    }

    private static String at(com.fasterxml.jackson.core.@Nullable JsonLocation location) {
        return location == null ? "" : " at character " + (location.getCharOffset() + 1);
    }

    /** Well-formed JSON that is no ledger. */
    private static final class Rubbish extends IOException {
        private static final long serialVersionUID = 1L;

        Rubbish(String what, JsonParser in) {
            super(what + at(in.currentTokenLocation()));
        }
    }

    /** Reads the object of one topic. */
    private static final class TopicReader {
        private final JsonParser in;
        private final String topic;
        private @Nullable String id;
        private TreeMap<Integer, Long> next = new TreeMap<>();
        private TreeMap<Integer, Long> start = new TreeMap<>();
        private TreeMap<Integer, Long> until = new TreeMap<>();
        private final TreeMap<Integer, List<OffsetRange>> gaps = new TreeMap<>();
        private final TreeMap<Integer, RowCount> rows = new TreeMap<>();
        private final List<TreeMap<SourcePartition, PartitionEntry>> earlier = new ArrayList<>();

        TopicReader(JsonParser in, String topic) {
            this.in = in;
            this.topic = topic;
        }

        void readInto(TreeMap<SourcePartition, PartitionEntry> entries) throws IOException {
            boolean hasNext = false;
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String key = in.currentName();
                JsonToken value = in.nextToken();
                switch (key) {
                    case "id" -> {
                        expect(in, value, JsonToken.VALUE_STRING);
                        id = in.getText();
                    }
                    case "next" -> {
                        next = offsets(value);
                        hasNext = true;
                    }
                    case "start" -> start = offsets(value);
                    case "until" -> until = numbers(value);
                    case "gaps" -> readGaps(value);
                    case "rows" -> readRows(value);
                    case "earlier" -> readEarlier(value);
                    default -> in.skipChildren();
                }
            }
            if (id == null || id.isEmpty()) {
                throw new Rubbish("topic '" + topic + "' has no id", in);
            }
            if (topic.isEmpty() || !hasNext) {
                throw new Rubbish("topic '" + topic + "' has no next offsets", in);
            }
            if (next.isEmpty() && !earlier.isEmpty()) {
                throw new Rubbish("topic '" + topic + "' has earlier topics and no partition", in);
            }
            for (TreeMap<Integer, ?> others : List.of(start, until, gaps, rows)) {
                for (Integer partition : others.keySet()) {
                    if (!next.containsKey(partition)) {
                        throw new Rubbish("topic '" + topic + "' has no next offset of partition " + partition, in);
                    }
                }
            }
            for (Map.Entry<Integer, Long> each : next.entrySet()) {
                entries.put(new SourcePartition(topic, id, each.getKey()), entry(each.getKey(), each.getValue()));
            }
        }

        private void readEarlier(JsonToken token) throws IOException {
            expect(in, token, JsonToken.START_ARRAY);
            while (in.nextToken() == JsonToken.START_OBJECT) {
                TreeMap<SourcePartition, PartitionEntry> incarnation = new TreeMap<>();
                new TopicReader(in, topic).readInto(incarnation);
                if (!incarnation.isEmpty()) {
                    earlier.add(incarnation);
                }
            }
            expect(in, in.currentToken(), JsonToken.END_ARRAY);
        }

        private PartitionEntry entry(Integer partition, long nextOffset) throws Rubbish {
            long startOffset = start.getOrDefault(partition, nextOffset);
            Long complete = until.get(partition);
            if (startOffset > nextOffset) {
                throw new Rubbish(
                        "topic '" + topic + "' partition " + partition + " starts at " + startOffset
                                + ", after its next offset " + nextOffset,
                        in);
            }
            return new PartitionEntry(
                    startOffset,
                    nextOffset,
                    complete == null ? java.util.OptionalLong.empty() : java.util.OptionalLong.of(complete),
                    gaps.getOrDefault(partition, List.of()),
                    Optional.ofNullable(rows.get(partition)));
        }

        private TreeMap<Integer, Long> offsets(JsonToken token) throws IOException {
            TreeMap<Integer, Long> offsets = numbers(token);
            for (Long offset : offsets.values()) {
                if (offset < 0) {
                    throw new Rubbish("topic '" + topic + "' has a negative offset " + offset, in);
                }
            }
            return offsets;
        }

        private TreeMap<Integer, Long> numbers(JsonToken token) throws IOException {
            expect(in, token, JsonToken.START_OBJECT);
            TreeMap<Integer, Long> numbers = new TreeMap<>();
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                int partition = partition(in.currentName());
                numbers.put(partition, number(in.nextToken()));
            }
            return numbers;
        }

        private void readGaps(JsonToken token) throws IOException {
            expect(in, token, JsonToken.START_OBJECT);
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                int partition = partition(in.currentName());
                List<OffsetRange> spans = new ArrayList<>();
                expect(in, in.nextToken(), JsonToken.START_ARRAY);
                while (in.nextToken() == JsonToken.START_ARRAY) {
                    long from = number(in.nextToken());
                    long to = number(in.nextToken());
                    expect(in, in.nextToken(), JsonToken.END_ARRAY);
                    if (from < 0 || to < from) {
                        throw new Rubbish("[" + from + "," + to + "] is no span", in);
                    }
                    spans.add(new OffsetRange(from, to));
                }
                expect(in, in.currentToken(), JsonToken.END_ARRAY);
                gaps.put(partition, spans);
            }
        }

        private void readRows(JsonToken token) throws IOException {
            expect(in, token, JsonToken.START_OBJECT);
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                int partition = partition(in.currentName());
                expect(in, in.nextToken(), JsonToken.START_ARRAY);
                long from = number(in.nextToken());
                long count = number(in.nextToken());
                expect(in, in.nextToken(), JsonToken.END_ARRAY);
                if (from < 0 || count < 0) {
                    throw new Rubbish("[" + from + "," + count + "] is no count of rows", in);
                }
                rows.put(partition, new RowCount(from, count));
            }
        }

        private long number(@Nullable JsonToken token) throws IOException {
            expect(in, token, JsonToken.VALUE_NUMBER_INT);
            return in.getLongValue();
        }

        /** Canonical only: "07" beside "7" would be two keys for one partition. */
        private int partition(String key) throws Rubbish {
            try {
                int partition = Integer.parseInt(key);
                if (partition >= 0 && Integer.toString(partition).equals(key)) {
                    return partition;
                }
            } catch (NumberFormatException e) {
                throw new Rubbish("'" + key + "' is no partition", in);
            }
            throw new Rubbish("'" + key + "' is no partition", in);
        }
    }
}
