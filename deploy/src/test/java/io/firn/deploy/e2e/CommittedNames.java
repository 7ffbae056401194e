package io.firn.deploy.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.iceberg.DataOperations;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/**
 * Compares each value of a table with the record that it came from. The column's name in the schema of the snapshot
 * that appended the row says which field of the record the value has to be.
 */
final class CommittedNames {
    private static final String SOURCE = "_source_";

    private final Table table;
    private final Map<String, JsonNode> records;

    /** @param records by {@code partition:offset} */
    CommittedNames(Table table, Map<String, JsonNode> records) {
        this.table = table;
        this.records = records;
    }

    /** Returns the values that are not those of their records, a line each, and the records that have no row. */
    List<String> differences() {
        Map<String, Schema> schemas = schemasByPosition();
        List<String> differences = new ArrayList<>();
        records.keySet().stream()
                .filter(position -> !schemas.containsKey(position))
                .forEach(position -> differences.add(position + " has no row"));
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table).build()) {
            for (Record row : rows) {
                compare(row, schemas, differences);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return differences;
    }

    private void compare(Record row, Map<String, Schema> schemas, List<String> differences) {
        String position = position(row);
        Schema then = Objects.requireNonNull(schemas.get(position), position);
        JsonNode record = Objects.requireNonNull(records.get(position), position);
        for (NestedField column : table.schema().columns()) {
            if (!column.name().startsWith(SOURCE)) {
                String name = then.findColumnName(column.fieldId());
                Object expected = name == null ? null : value(record.get(name), column);
                Object found = row.getField(column.name());
                if (!Objects.equals(found, expected)) {
                    differences.add(position + ": column '" + column.name() + "', which was '" + name
                            + "' at the commit," + " is " + found + " and not " + expected);
                }
            }
        }
    }

    private static @Nullable Object value(@Nullable JsonNode field, NestedField column) {
        if (field == null) {
            return null;
        }
        return switch (column.type().typeId()) {
            case INTEGER -> field.intValue();
            case LONG -> field.longValue();
            default -> field.textValue();
        };
    }

    private Map<String, Schema> schemasByPosition() {
        Map<String, Schema> schemas = new HashMap<>();
        for (Snapshot snapshot : table.snapshots()) {
            Long parent = snapshot.parentId();
            if (parent == null || !snapshot.operation().equals(DataOperations.APPEND)) {
                continue;
            }
            try (CloseableIterable<Record> rows = IcebergGenerics.read(table)
                    .appendsBetween(parent, snapshot.snapshotId())
                    .select("_source_partition", "_source_offset")
                    .build()) {
                rows.forEach(row -> schemas.put(
                        position(row), table.schemas().get(Objects.requireNonNull(snapshot.schemaId(), "schema ID"))));
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
        return schemas;
    }

    private static String position(Record row) {
        return row.getField("_source_partition") + ":" + row.getField("_source_offset");
    }
}
