package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Holds answers against what {@code /openapi.json} says of them. */
public final class Described {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Described() {}

    public static void check(JsonNode document, JsonNode operation, HttpResponse<String> answer, String asked)
            throws Exception {
        JsonNode response = operation.path("responses").path(Integer.toString(answer.statusCode()));
        assertThat(response.isMissingNode())
                .as("%s answers %d, which is not described: %s", asked, answer.statusCode(), answer.body())
                .isFalse();
        String type = answer.headers().firstValue("Content-Type").orElse("");
        if (response.path("content").isMissingNode()) {
            assertThat(answer.body()).as(asked).isEmpty();
            return;
        }
        Map.Entry<String, JsonNode> content =
                response.path("content").properties().iterator().next();
        assertThat(type.replace(" ", "").toLowerCase(Locale.ROOT))
                .as(asked)
                .startsWith(content.getKey().split(";", 2)[0]);
        JsonNode schema = content.getValue().path("schema");
        if (!schema.isMissingNode()) {
            fits(document, schema, JSON.readTree(answer.body()), asked);
        }
    }

    /** A value against a shape of the document, by its name. */
    public static void fits(JsonNode document, String shape, JsonNode value) {
        fits(document, document.path("components").path("schemas").path(shape), value, shape);
    }

    /** Stricter than JSON Schema: a field that is not described is wrong as well. */
    public static void fits(JsonNode document, JsonNode schema, JsonNode value, String where) {
        if (schema.has("$ref") || schema.has("properties")) {
            String name = schema.path("$ref").asText().replace("#/components/schemas/", "");
            JsonNode shape = schema.has("$ref")
                    ? document.path("components").path("schemas").path(name)
                    : schema;
            assertThat(value.isObject()).as(where).isTrue();
            shape.path("required").forEach(field -> assertThat(value.has(field.asText()))
                    .as("%s lacks %s", where, field.asText())
                    .isTrue());
            if (!shape.path("properties").isEmpty()) {
                value.properties().forEach(field -> {
                    JsonNode described = shape.path("properties").path(field.getKey());
                    assertThat(described.isMissingNode())
                            .as("%s: %s is not described", where, field.getKey())
                            .isFalse();
                    fits(document, described, field.getValue(), where + "." + field.getKey());
                });
            }
            return;
        }
        switch (schema.path("type").asText()) {
            case "string" -> {
                assertThat(value.isTextual()).as(where).isTrue();
                List<String> words = new ArrayList<>();
                schema.path("enum").forEach(word -> words.add(word.asText()));
                assertThat(words.isEmpty() || words.contains(value.asText()))
                        .as("%s: %s", where, value)
                        .isTrue();
            }
            case "integer" -> assertThat(value.isIntegralNumber()).as(where).isTrue();
            case "number" -> assertThat(value.isNumber()).as(where).isTrue();
            case "boolean" -> assertThat(value.isBoolean()).as(where).isTrue();
            case "array" -> {
                assertThat(value.isArray()).as(where).isTrue();
                value.forEach(element -> fits(document, schema.path("items"), element, where + "[]"));
            }
            default -> assertThat(value.isObject()).as(where).isTrue();
        }
    }
}
