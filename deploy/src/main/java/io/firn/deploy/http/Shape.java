package io.firn.deploy.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.FirnException;
import io.firn.deploy.config.NearestKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The shape of a JSON object: what {@code /openapi.json} says of it, and what the body of a request is held against.
 * Immutable.
 *
 * @param name of its own among all shapes, in camel case
 * @param what it is, a sentence
 * @param fields in the order in which they are described
 */
public record Shape(String name, String what, List<Field> fields) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One field. */
    public record Field(String name, Type type, boolean required, String what) {}

    /**
     * What a field holds.
     *
     * @param schema of JSON Schema, as OpenAPI 3.0 has it
     * @param uses shapes that the schema refers to
     */
    public record Type(Map<String, Object> schema, List<Shape> uses) {
        public static final Type TEXT = plain("string");
        public static final Type LONG = new Type(Map.of("type", "integer", "format", "int64"), List.of());
        public static final Type NUMBER = plain("number");
        public static final Type FLAG = plain("boolean");
        public static final Type TIME = new Type(Map.of("type", "string", "format", "date-time"), List.of());
        /** Either of the two, as an offset or a time. */
        public static final Type TEXT_OR_LONG =
                new Type(Map.of("oneOf", List.of(TEXT.schema(), LONG.schema())), List.of());
        /** An object of which nothing more is said. */
        public static final Type OBJECT = plain("object");

        private static Type plain(String type) {
            return new Type(Map.of("type", type), List.of());
        }

        public static Type of(Shape shape) {
            return new Type(Map.of("$ref", "#/components/schemas/" + shape.name()), List.of(shape));
        }

        public static Type listOf(Type element) {
            return new Type(Map.of("type", "array", "items", element.schema()), element.uses());
        }

        /** One of a few words. */
        public static Type choice(List<String> words) {
            return new Type(Map.of("type", "string", "enum", List.copyOf(words)), List.of());
        }

        boolean fits(JsonNode value) {
            if (schema.containsKey("oneOf")) {
                return TEXT.fits(value) || LONG.fits(value);
            }
            return switch (String.valueOf(schema.get("type"))) {
                case "string" ->
                    value.isTextual()
                            && (!(schema.get("enum") instanceof List)
                                    || ((List<?>) schema.get("enum")).contains(value.asText()));
                case "integer" -> value.canConvertToLong() && value.isIntegralNumber();
                case "number" -> value.isNumber();
                case "boolean" -> value.isBoolean();
                case "array" -> value.isArray();
                default -> value.isObject();
            };
        }

        String told() {
            if (schema.containsKey("oneOf")) {
                return "of type string or integer";
            }
            Object words = schema.get("enum");
            return words instanceof List
                    ? "one of "
                            + ((List<?>) words).stream().map(String::valueOf).collect(Collectors.joining(", "))
                    : "of type " + schema.getOrDefault("type", "object");
        }
    }

    public Shape {
        fields = List.copyOf(fields);
    }

    public static Shape of(String name, String what) {
        return new Shape(name, what, List.of());
    }

    /** With a field that is always there. */
    public Shape field(String field, Type type, String about) {
        return with(new Field(field, type, true, about));
    }

    /** With a field that may be missing. */
    public Shape optional(String field, Type type, String about) {
        return with(new Field(field, type, false, about));
    }

    private Shape with(Field field) {
        List<Field> more = new ArrayList<>(fields);
        more.add(field);
        return new Shape(name, what, more);
    }

    /** This shape and all it refers to, by name. */
    void collect(Map<String, Shape> all) {
        if (all.putIfAbsent(name, this) == null) {
            fields.forEach(field -> field.type().uses().forEach(used -> used.collect(all)));
        }
    }

    /** As JSON Schema. */
    Map<String, Object> schema() {
        Map<String, Object> properties = new LinkedHashMap<>();
        for (Field field : fields) {
            Map<String, Object> schema = new LinkedHashMap<>(field.type().schema());
            // Beside a reference nothing else counts.
            if (!schema.containsKey("$ref")) {
                schema.put("description", field.what());
            }
            properties.put(field.name(), schema);
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("description", what);
        List<String> required =
                fields.stream().filter(Field::required).map(Field::name).toList();
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        schema.put("properties", properties);
        return schema;
    }

    /**
     * A request's body, checked.
     *
     * @throws FirnException {@code body-invalid}
     */
    JsonNode read(String body) {
        JsonNode read;
        try {
            read = body.isBlank() ? JSON.createObjectNode() : JSON.readTree(body);
        } catch (JsonProcessingException broken) {
            throw invalid("the body is not JSON", "body, " + place(broken));
        }
        if (!read.isObject()) {
            throw invalid("the body is not a JSON object", "body");
        }
        Set<String> known = fields.stream().map(Field::name).collect(Collectors.toSet());
        read.fieldNames().forEachRemaining(given -> {
            if (!known.contains(given)) {
                throw invalid(
                        "the body has a field that means nothing here: " + given + "; " + NearestKey.hint(given, known),
                        "body." + given);
            }
        });
        for (Field field : fields) {
            JsonNode value = read.path(field.name());
            if (value.isMissingNode() || value.isNull()) {
                if (field.required()) {
                    throw invalid("the body lacks the field " + field.name(), "body." + field.name());
                }
            } else if (!field.type().fits(value)) {
                throw invalid(
                        "the field " + field.name() + " must be " + field.type().told(), "body." + field.name());
            }
        }
        return read;
    }

    private static String place(JsonProcessingException broken) {
        return broken.getLocation() == null
                ? "at its end"
                : "line " + broken.getLocation().getLineNr() + ", column "
                        + broken.getLocation().getColumnNr();
    }

    private FirnException invalid(String wrong, String where) {
        return FirnException.user(
                "body-invalid",
                wrong,
                where,
                "send a JSON object of: "
                        + fields.stream()
                                .map(field -> field.name() + (field.required() ? "" : " (optional)"))
                                .collect(Collectors.joining(", ")));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape && Objects.equals(name, ((Shape) other).name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }
}
