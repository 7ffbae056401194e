package io.firn.catalog.location;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The locations in which Firn created or first saw a table, as the table itself remembers them. Whoever can alter the
 * table can name other locations there; so a change is no proof of where the files are.
 */
public final class RememberedLocations {
    /** Table property: a JSON array of locations. Part of the public surface. */
    public static final String KEY = "firn.locations";

    private static final ObjectMapper JSON = new ObjectMapper();

    private RememberedLocations() {}

    static String text(List<String> locations) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        locations.forEach(array::add);
        return array.toString();
    }

    /**
     * Reads the property.
     *
     * @return empty if the table has no such property
     * @throws IllegalArgumentException if it is no JSON array of locations
     */
    static Optional<List<StorePath>> read(Map<String, String> properties) {
        String text = properties.get(KEY);
        if (text == null) {
            return Optional.empty();
        }
        List<StorePath> locations = new ArrayList<>();
        try {
            JsonNode read = JSON.readTree(text);
            if (!read.isArray()) {
                throw new IllegalArgumentException("the table property " + KEY + " is no JSON array");
            }
            for (JsonNode each : read) {
                locations.add(StorePath.parse(each.asText()));
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the table property " + KEY + " is no JSON", e);
        }
        return Optional.of(List.copyOf(locations));
    }
}
