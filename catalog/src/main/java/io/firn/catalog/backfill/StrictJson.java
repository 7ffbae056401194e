package io.firn.catalog.backfill;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Members of JSON that others may have written to: of the type that is meant, or refused. A number that is read as 0
 * because it is none would do a backfill twice, or none of it.
 */
final class StrictJson {
    private static final ObjectMapper TREES = new ObjectMapper(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private StrictJson() {}

    /** @throws IllegalArgumentException where it is no object */
    static JsonNode object(String text) throws JsonProcessingException {
        JsonNode read = TREES.readTree(text);
        if (!read.isObject()) {
            throw new IllegalArgumentException("no object");
        }
        return read;
    }

    static JsonNode object(JsonNode of, String name) {
        JsonNode member = of.path(name);
        if (!member.isObject()) {
            throw wrong(name, "an object");
        }
        return member;
    }

    static JsonNode array(JsonNode of, String name) {
        JsonNode member = of.path(name);
        if (!member.isArray()) {
            throw wrong(name, "an array");
        }
        return member;
    }

    static String text(JsonNode member, String name) {
        if (!member.isTextual()) {
            throw wrong(name, "a text");
        }
        return member.textValue();
    }

    /** Whole and not negative. */
    static long number(JsonNode member, String name) {
        if (!member.isIntegralNumber() || !member.canConvertToLong() || member.longValue() < 0) {
            throw wrong(name, "a whole number that is not negative");
        }
        return member.longValue();
    }

    /** By partition. Each is written as numbers are, so that no two names mean the same one. */
    static SortedMap<Integer, Long> numbers(JsonNode object, String name) {
        TreeMap<Integer, Long> numbers = new TreeMap<>();
        object.properties().forEach(each -> numbers.put(partition(each.getKey(), name), number(each.getValue(), name)));
        return numbers;
    }

    static int partition(String text, String name) {
        int partition = Integer.parseInt(text);
        if (partition < 0 || !Integer.toString(partition).equals(text)) {
            throw wrong(name, "by partition");
        }
        return partition;
    }

    private static IllegalArgumentException wrong(String name, String wanted) {
        return new IllegalArgumentException(name + " is not " + wanted);
    }
}
