package io.firn.deploy.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Compares the names in JSON records with the names of columns, inside structs, lists and maps as well. */
final class FieldCoverage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Types.StructType columns;
    private final SortedMap<String, Long> unmatched = new TreeMap<>();
    private final Set<String> seen = new HashSet<>();
    private long objects;

    FieldCoverage(Schema schema) {
        this.columns = Types.StructType.of(schema.columns().stream()
                .filter(column -> !SourceColumns.isSourceColumn(column.name()))
                .filter(column -> !UpsertColumns.isUpsertColumn(column.name()))
                .toList());
    }

    /** Takes one record's value into account; what is no JSON object is the decoder's affair. */
    void add(byte[] bytes, int start, int length) {
        JsonNode root;
        try {
            root = JSON.readTree(bytes, start, length);
        } catch (JsonProcessingException notJson) {
            return;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        if (root != null && root.isObject()) {
            objects++;
            Set<String> without = new HashSet<>();
            walk(root, columns, "", without);
            without.forEach(path -> unmatched.merge(path, 1L, Long::sum));
        }
    }

    private void walk(JsonNode node, Type type, String path, Set<String> without) {
        switch (type.typeId()) {
            case STRUCT -> {
                if (node.isObject()) {
                    object(node, type.asStructType(), path, without);
                }
            }
            case LIST -> {
                if (node.isArray()) {
                    node.forEach(element -> walk(element, type.asListType().elementType(), path, without));
                }
            }
            case MAP -> {
                if (node.isObject()) {
                    node.forEach(value -> walk(value, type.asMapType().valueType(), path, without));
                }
            }
            default -> {
                // A simple value has no names.
            }
        }
    }

    private void object(JsonNode node, Types.StructType struct, String path, Set<String> without) {
        node.properties().forEach(entry -> {
            String field = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
            Types.NestedField column = struct.field(entry.getKey());
            if (column == null) {
                without.add(field);
            } else {
                seen.add(field);
                walk(entry.getValue(), column.type(), field, without);
            }
        });
    }

    SortedMap<String, Long> unmatched() {
        return unmatched;
    }

    /** Returns the paths of columns that no record has; of a struct that is absent only its own. */
    List<String> absent() {
        List<String> absent = new ArrayList<>();
        if (objects > 0) {
            absent(columns, "", absent);
        }
        return absent;
    }

    private void absent(Type type, String path, List<String> absent) {
        switch (type.typeId()) {
            case STRUCT ->
                type.asStructType().fields().forEach(field -> {
                    String name = path.isEmpty() ? field.name() : path + "." + field.name();
                    if (seen.contains(name)) {
                        absent(field.type(), name, absent);
                    } else {
                        absent.add(name);
                    }
                });
            case LIST -> absentWithin(type.asListType().elementType(), path, absent);
            case MAP -> absentWithin(type.asMapType().valueType(), path, absent);
            default -> {
                // Seen, and nothing below it.
            }
        }
    }

    /** Of a list or map that was empty in every record nothing is known. */
    private void absentWithin(Type elements, String path, List<String> absent) {
        if (seen.stream().anyMatch(name -> name.startsWith(path + "."))) {
            absent(elements, path, absent);
        }
    }

    /** Whether records were read and not one of their fields has a column. */
    boolean matchesNothing() {
        return objects > 0 && seen.isEmpty() && !unmatched.isEmpty();
    }
}
