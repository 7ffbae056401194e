package io.firn.catalog.schema;

import java.util.ArrayList;
import java.util.List;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.iceberg.types.Types.StructType;

/** Whether a table can take what a configured schema promises. Pure. */
public final class SchemaFit {
    private SchemaFit() {}

    /** What is in the way, a sentence each; empty: it fits. Order of columns does not matter. */
    public static List<String> differences(Schema configured, Schema table) {
        List<String> differences = new ArrayList<>();
        compare("", configured.asStruct(), table.asStruct(), differences);
        differences.addAll(sourceColumnDifferences(table));
        return differences;
    }

    /** As {@link #differences}, for the source columns alone: those that are there must have their types. */
    public static List<String> sourceColumnDifferences(Schema table) {
        List<String> differences = new ArrayList<>();
        for (String name : SourceColumns.names()) {
            NestedField column = table.findField(name);
            if (column != null) {
                compare(name, SourceColumns.type(name), column.type(), differences);
            }
        }
        return differences;
    }

    private static void compare(String prefix, StructType configured, StructType table, List<String> differences) {
        for (NestedField wanted : configured.fields()) {
            String path = prefix + wanted.name();
            NestedField there = table.field(wanted.name());
            if (there == null) {
                differences.add("column '" + path + "' " + SchemaText.of(wanted.type()) + " is not in the table");
                continue;
            }
            if (there.isRequired() && wanted.isOptional()) {
                differences.add("column '" + path + "' may be null in the schema but not in the table");
            }
            compare(path, wanted.type(), there.type(), differences);
        }
        for (NestedField there : table.fields()) {
            boolean filled = configured.field(there.name()) != null || SourceColumns.isSourceColumn(there.name());
            if (there.isRequired() && there.writeDefault() == null && !filled) {
                differences.add("column '" + prefix + there.name() + "' must not be null in the table but is not in "
                        + "the schema");
            }
        }
    }

    private static void compare(String path, Type configured, Type table, List<String> differences) {
        if (configured.isStructType() && table.isStructType()) {
            compare(path + ".", configured.asStructType(), table.asStructType(), differences);
        } else if (configured.isListType() && table.isListType()) {
            compare(
                    path + ".element",
                    configured.asListType().elementType(),
                    table.asListType().elementType(),
                    differences);
        } else if (configured.isMapType() && table.isMapType()) {
            compare(
                    path + ".key",
                    configured.asMapType().keyType(),
                    table.asMapType().keyType(),
                    differences);
            compare(
                    path + ".value",
                    configured.asMapType().valueType(),
                    table.asMapType().valueType(),
                    differences);
        } else if (!configured.equals(table)) {
            differences.add("column '" + path + "' is " + SchemaText.of(configured) + " in the schema but "
                    + SchemaText.of(table) + " in the table");
        }
    }
}
