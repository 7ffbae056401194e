package io.firn.catalog.schema;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.iceberg.types.Types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Whether a table can take what a configured schema promises. The schema is a request for a new table: of one that is
 * there, a wider type or another nullability is accepted, and so are columns that somebody dropped or renamed, which are
 * never added again. Pure.
 */
public final class SchemaFit {
    private SchemaFit() {}

    /**
     * What is in the way, a sentence each; empty: it fits. Order of columns does not matter.
     *
     * @param earlier all schemas that the table had; empty if the table has to be as the schema says
     */
    public static List<String> differences(Schema configured, Schema table, Collection<Schema> earlier) {
        List<String> differences = new ArrayList<>();
        compare("", configured.asStruct(), table.asStruct(), earlier, differences);
        differences.addAll(sourceColumnDifferences(table));
        return differences;
    }

    /** As {@link #differences(Schema, Schema, Collection)} of a table that has to be as the schema says. */
    public static List<String> differences(Schema configured, Schema table) {
        return differences(configured, table, List.of());
    }

    /** Columns of the configured schema that the table had once and lacks now, a phrase each. */
    public static List<String> gone(Schema configured, Schema table, Collection<Schema> earlier) {
        List<String> gone = new ArrayList<>();
        for (NestedField wanted : TypeUtil.indexById(configured.asStruct()).values()) {
            String path = configured.findColumnName(wanted.fieldId());
            NestedField before = table.findField(path) == null ? before(path, earlier) : null;
            if (before != null) {
                String now = table.findColumnName(before.fieldId());
                gone.add("column '" + path + "' was " + (now == null ? "dropped" : "renamed to '" + now + "'"));
            }
        }
        return gone;
    }

    private static @Nullable NestedField before(String path, Collection<Schema> earlier) {
        NestedField latest = null;
        for (Schema schema : earlier) {
            NestedField found = schema.findField(path);
            latest = found == null ? latest : found;
        }
        return latest;
    }

    /** As {@link #differences}, for the source columns alone: those that are there must have their types. */
    public static List<String> sourceColumnDifferences(Schema table) {
        List<String> differences = new ArrayList<>();
        for (String name : SourceColumns.names()) {
            NestedField column = table.findField(name);
            if (column != null) {
                compareType(name, SourceColumns.type(name), column.type(), List.of(), differences);
            }
        }
        return differences;
    }

    private static void compare(
            String prefix,
            StructType configured,
            StructType table,
            Collection<Schema> earlier,
            List<String> differences) {
        for (NestedField wanted : configured.fields()) {
            String path = prefix + wanted.name();
            NestedField there = table.field(wanted.name());
            if (there == null) {
                if (before(path, earlier) != null) {
                    continue;
                }
                differences.add("column '" + path + "' " + SchemaText.of(wanted.type()) + " is not in the table");
                continue;
            }
            if (there.isRequired() && wanted.isOptional() && earlier.isEmpty()) {
                differences.add("column '" + path + "' may be null in the schema but not in the table");
            }
            compareType(path, wanted.type(), there.type(), earlier, differences);
        }
        for (NestedField there : table.fields()) {
            boolean filled = configured.field(there.name()) != null || SourceColumns.isSourceColumn(there.name());
            if (there.isRequired() && there.writeDefault() == null && !filled) {
                differences.add("column '" + prefix + there.name() + "' must not be null in the table but is not in "
                        + "the schema");
            }
        }
    }

    private static void compareType(
            String path, Type configured, Type table, Collection<Schema> earlier, List<String> differences) {
        if (configured.isStructType() && table.isStructType()) {
            compare(path + ".", configured.asStructType(), table.asStructType(), earlier, differences);
        } else if (configured.isListType() && table.isListType()) {
            compareType(
                    path + ".element",
                    configured.asListType().elementType(),
                    table.asListType().elementType(),
                    earlier,
                    differences);
        } else if (configured.isMapType() && table.isMapType()) {
            compareType(
                    path + ".key",
                    configured.asMapType().keyType(),
                    table.asMapType().keyType(),
                    earlier,
                    differences);
            compareType(
                    path + ".value",
                    configured.asMapType().valueType(),
                    table.asMapType().valueType(),
                    earlier,
                    differences);
        } else if (!configured.equals(table) && (earlier.isEmpty() || !isWidened(configured, table))) {
            differences.add("column '" + path + "' is " + SchemaText.of(configured) + " in the schema but "
                    + SchemaText.of(table) + " in the table");
        }
    }

    private static boolean isWidened(Type configured, Type table) {
        return configured.isPrimitiveType()
                && table.isPrimitiveType()
                && TypeUtil.isPromotionAllowed(configured, table.asPrimitiveType());
    }
}
