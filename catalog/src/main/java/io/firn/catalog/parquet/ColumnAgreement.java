package io.firn.catalog.parquet;

import io.firn.catalog.FirnException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Checks that the columns of a row group fit together. Each column must have one entry of repetition level 0 per row,
 * and columns below one field must agree how often that field occurs and where it is null. Readers put rows together by
 * these levels: a column that lacks an entry shifts every later value to another row, or ends too early.
 */
public final class ColumnAgreement {
    private final MessageType schema;

    public ColumnAgreement(MessageType schema) {
        this.schema = schema;
    }

    /**
     * Checks what a writer counted.
     *
     * @param counts one per column, in the schema's order
     * @param where the table and the file
     * @throws FirnException of kind internal, {@code columns-disagree}
     */
    void require(List<LevelCounts> counts, long rows, String where) {
        List<ColumnFault> found = faults(counts, rows);
        if (!found.isEmpty()) {
            throw FirnException.internal("columns-disagree", found.get(0) + ", so the file was not committed", where);
        }
    }

    List<ColumnFault> faults(List<LevelCounts> counts, long rows) {
        List<ColumnFault> found = new ArrayList<>();
        for (int column = 0; column < counts.size(); column++) {
            long begun = counts.get(column).upTo(0, 0)[0];
            if (begun != rows) {
                found.add(fault(column, "has entries for " + begun + " of " + rows + " rows"));
            }
        }
        if (!found.isEmpty()) {
            return found;
        }
        compare(schema, new Field(0, 0, 0), (field, column, first) -> {
            long[] wanted = counts.get(first).upTo(field.repetition(), field.definition());
            long[] got = counts.get(column).upTo(field.repetition(), field.definition());
            if (!Arrays.equals(wanted, got)) {
                long entries = LongStream.of(got).sum();
                long expected = LongStream.of(wanted).sum();
                found.add(
                        entries == expected
                                ? fault(
                                        column,
                                        "differs from column " + name(first)
                                                + " in where the field around them is null, for " + rows + " rows")
                                : fault(column, unequal(entries, first, expected) + " for " + rows + " rows"));
            }
        });
        return distinct(found);
    }

    /** Checks the counts in a file's footer, which say less: how many entries a column has, not at which levels. */
    public List<ColumnFault> faults(BlockMetaData rowGroup) {
        List<ColumnFault> found = new ArrayList<>();
        long rows = rowGroup.getRowCount();
        long[] values = rowGroup.getColumns().stream()
                .mapToLong(ColumnChunkMetaData::getValueCount)
                .toArray();
        int columns = schema.getColumns().size();
        if (values.length != columns) {
            found.add(
                    new ColumnFault("", "has a row group of " + values.length + " columns, its schema has " + columns));
            return found;
        }
        for (int column = 0; column < values.length; column++) {
            if (repetition(column) == 0 ? values[column] != rows : values[column] < rows) {
                found.add(fault(column, "has " + values[column] + " entries for " + rows + " rows"));
            }
        }
        compare(schema, new Field(0, 0, 0), (field, column, first) -> {
            boolean isDeeper = repetition(column) > field.repetition() || repetition(first) > field.repetition();
            if (field.repetition() > 0 && !isDeeper && values[column] != values[first]) {
                found.add(fault(column, unequal(values[column], first, values[first]) + " for " + rows + " rows"));
            }
        });
        return distinct(found);
    }

    /** Fields inside of each other see the same fault. */
    private static List<ColumnFault> distinct(List<ColumnFault> found) {
        return found.stream().distinct().toList();
    }

    private int repetition(int column) {
        return schema.getColumns().get(column).getMaxRepetitionLevel();
    }

    private String unequal(long entries, int first, long expected) {
        return "has " + entries + " entries, column " + name(first) + " " + expected;
    }

    private ColumnFault fault(int column, String what) {
        return new ColumnFault(name(column), what);
    }

    private String name(int column) {
        return String.join(".", schema.getColumns().get(column).getPath());
    }

    /** @param column index of the first column below the field */
    private record Field(int repetition, int definition, int column) {}

    private interface Pair {
        void of(Field field, int column, int first);
    }

    /** Compares each column below a group with the group's first one. Returns how many columns the group has. */
    private static int compare(GroupType group, Field field, Pair pair) {
        int columns = 0;
        for (Type inner : group.getFields()) {
            Field below = new Field(
                    field.repetition() + (inner.isRepetition(Type.Repetition.REPEATED) ? 1 : 0),
                    field.definition() + (inner.isRepetition(Type.Repetition.REQUIRED) ? 0 : 1),
                    field.column() + columns);
            columns += inner.isPrimitive() ? 1 : compare(inner.asGroupType(), below, pair);
        }
        for (int column = 1; column < columns; column++) {
            pair.of(field, field.column() + column, field.column());
        }
        return columns;
    }
}
