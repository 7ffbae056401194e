package io.firn.ingest.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Type.TypeID;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/** How others change the table's columns, partitioning and properties, or put another table in its place. */
final class ForeignDdl {
    private final SimTable table;
    private final Random random;
    private final Coverage coverage;
    private int names;

    ForeignDdl(SimTable table, Random random, Coverage coverage) {
        this.table = table;
        this.random = random;
        this.coverage = coverage;
    }

    /** @return what was changed, if anything */
    String act() {
        switch (random.nextInt(14)) {
            case 0:
            case 1:
                return add();
            case 2:
            case 3:
                return rename();
            case 4:
                return drop();
            case 5:
                return addAgain();
            case 6:
                return widen();
            case 7:
                return require();
            case 8:
                return relax();
            case 9:
                return reorder();
            case 10:
                return partition();
            case 11:
                return add() + ", then " + rename();
            case 12:
                return rename() + ", then " + add();
            default:
                return random.nextInt(4) > 0 ? addAgain() : random.nextBoolean() ? replace() : recreate();
        }
    }

    /** What a person does about a record that does not fit: makes the table one that takes every record. */
    String takeEverything() {
        if (table.openForeign().spec().isPartitioned()) {
            partition();
        }
        for (NestedField column : columns(any -> true)) {
            Type right = type(column.name());
            if (SimRecords.NAMES.contains(column.name())
                    && (column.type().typeId() == TypeID.STRING) != (right.typeId() == TypeID.STRING)) {
                change(schema -> schema.deleteColumn(column.name()));
                continue;
            }
            if (column.isRequired()) {
                change(schema -> schema.makeColumnOptional(column.name()));
            }
            if (column.name().equals(SimRecords.NUMBER) && column.type().typeId() == TypeID.INTEGER) {
                change(schema -> schema.updateColumn(column.name(), Types.LongType.get()));
            }
        }
        return "a person makes the table take every record";
    }

    private String add() {
        List<String> missing = missing();
        if (missing.isEmpty()) {
            return "nothing";
        }
        String name = any(missing);
        change(schema -> schema.addColumn(name, newType(name)));
        return told("a column is added", name);
    }

    private String rename() {
        List<NestedField> columns = columns(any -> true);
        if (columns.isEmpty()) {
            return "nothing";
        }
        NestedField column = any(columns);
        List<String> others = missing();
        others.removeIf(
                name -> (type(name).typeId() == TypeID.STRING) != (column.type().typeId() == TypeID.STRING));
        String name = others.isEmpty() || random.nextInt(3) == 0 ? "x" + names++ : any(others);
        change(schema -> schema.renameColumn(column.name(), name));
        return told("a column is renamed", column.name() + " to " + name);
    }

    private String drop() {
        List<NestedField> columns = columns(column -> true);
        if (columns.size() < 2) {
            return "nothing";
        }
        String name = any(columns).name();
        change(schema -> schema.deleteColumn(name));
        return told("a column is dropped", name);
    }

    private String addAgain() {
        List<NestedField> columns = columns(column -> SimRecords.NAMES.contains(column.name()));
        if (columns.size() < 2) {
            return "nothing";
        }
        String name = any(columns).name();
        change(schema -> schema.deleteColumn(name));
        change(schema -> schema.addColumn(name, newType(name)));
        return told("a column is dropped and added again", name);
    }

    private String widen() {
        List<NestedField> narrow = columns(column -> column.type().typeId() == TypeID.INTEGER);
        if (narrow.isEmpty()) {
            return "nothing";
        }
        String name = any(narrow).name();
        change(schema -> schema.updateColumn(name, Types.LongType.get()));
        return told("a column is widened", name);
    }

    private String require() {
        List<NestedField> columns = columns(NestedField::isOptional);
        if (columns.isEmpty()) {
            return "nothing";
        }
        String name = any(columns).name();
        change(schema -> schema.allowIncompatibleChanges().requireColumn(name));
        return told("a column must not be null any more", name);
    }

    private String relax() {
        List<NestedField> columns = columns(NestedField::isRequired);
        if (columns.isEmpty()) {
            return "nothing";
        }
        String name = any(columns).name();
        change(schema -> schema.makeColumnOptional(name));
        return told("a column may be null again", name);
    }

    private String reorder() {
        List<NestedField> columns = columns(column -> true);
        String name = any(columns).name();
        change(schema -> schema.moveFirst(name));
        return told("columns are reordered", name);
    }

    private String partition() {
        Table handle = table.openForeign();
        if (handle.spec().isPartitioned()) {
            handle.updateSpec()
                    .removeField(handle.spec().fields().get(0).name())
                    .commit();
        } else {
            List<NestedField> columns = columns(column -> column.type().typeId() == TypeID.STRING);
            if (columns.isEmpty()) {
                return "nothing";
            }
            handle.updateSpec()
                    .addField(
                            "bucket" + names++, Expressions.bucket(any(columns).name(), 4))
                    .commit();
        }
        return told("the partitioning is changed", handle.spec().toString());
    }

    /** As CREATE OR REPLACE TABLE does: field IDs and the table's UUID are used again, its snapshots are no ancestors. */
    private String replace() {
        table.check(); // the model has to see a snapshot while it is there
        TableOperations operations = ((HasTableOperations) table.openForeign()).operations();
        TableMetadata now = operations.refresh();
        operations.commit(
                now,
                now.buildReplacement(
                        SimRecords.firstSchema(),
                        PartitionSpec.unpartitioned(),
                        SortOrder.unsorted(),
                        now.location(),
                        Map.of()));
        return told("the table is replaced", "");
    }

    private String recreate() {
        table.check();
        table.recreate();
        return told("the table is dropped and created again", "");
    }

    private List<NestedField> columns(Predicate<NestedField> which) {
        return table.openForeign().schema().columns().stream()
                .filter(which)
                .filter(column -> !isPartitionSource(column))
                .toList();
    }

    /** Iceberg keeps columns of the current spec from being dropped. */
    private boolean isPartitionSource(NestedField column) {
        return table.openForeign().spec().fields().stream().anyMatch(field -> field.sourceId() == column.fieldId());
    }

    private List<String> missing() {
        List<String> missing = new ArrayList<>(SimRecords.NAMES);
        table.openForeign().schema().columns().forEach(column -> missing.remove(column.name()));
        return missing;
    }

    private static Type type(String name) {
        return name.equals(SimRecords.NUMBER) ? Types.LongType.get() : Types.StringType.get();
    }

    private static Type newType(String name) {
        return name.equals(SimRecords.NUMBER) ? Types.IntegerType.get() : Types.StringType.get();
    }

    private void change(java.util.function.Consumer<UpdateSchema> change) {
        UpdateSchema schema = table.openForeign().updateSchema();
        change.accept(schema);
        schema.commit();
    }

    private <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private String told(String what, String which) {
        coverage.count(what);
        return what + " " + which;
    }
}
