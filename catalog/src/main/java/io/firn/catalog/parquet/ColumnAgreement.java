package io.firn.catalog.parquet;

import io.firn.catalog.FirnException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
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
        disagreement(counts, rows).ifPresent(found -> {
            throw FirnException.internal("columns-disagree", found + ", so the file was not committed", where);
        });
    }

    Optional<String> disagreement(List<LevelCounts> counts, long rows) {
        for (int column = 0; column < counts.size(); column++) {
            long begun = counts.get(column).upTo(0, 0)[0];
            if (begun != rows) {
                return Optional.of("column " + name(column) + " has entries for " + begun + " of " + rows + " rows");
            }
        }
        List<String> found = new ArrayList<>();
        compare(schema, new Field(0, 0, 0), (levels, column, first) -> {
            long[] wanted = counts.get(first).upTo(levels.repetition(), levels.definition());
            long[] got = counts.get(column).upTo(levels.repetition(), levels.definition());
            if (!Arrays.equals(wanted, got)) {
                found.add(unequal(column, got, first, wanted) + " for " + rows + " rows");
            }
        });
        return found.stream().findFirst();
    }

    /**
     * Checks the counts in a file's footer, which say less: how many entries a column has, not at which levels.
     *
     * @return what is wrong with the row group; empty if nothing is
     */
    public List<String> faults(BlockMetaData rowGroup) {
        List<String> found = new ArrayList<>();
        long rows = rowGroup.getRowCount();
        long[] values = rowGroup.getColumns().stream()
                .mapToLong(chunk -> chunk.getValueCount())
                .toArray();
        if (values.length != schema.getColumns().size()) {
            found.add("has " + values.length + " columns, the file's schema "
                    + schema.getColumns().size());
            return found;
        }
        for (int column = 0; column < values.length; column++) {
            boolean isFlat = schema.getColumns().get(column).getMaxRepetitionLevel() == 0;
            if (isFlat ? values[column] != rows : values[column] < rows) {
                found.add("column " + name(column) + " has " + values[column] + " entries for " + rows + " rows");
            }
        }
        compare(schema, new Field(0, 0, 0), (levels, column, first) -> {
            boolean isDeeper = repetition(column) > levels.repetition();
            boolean firstIsDeeper = repetition(first) > levels.repetition();
            if (levels.repetition() > 0 && !isDeeper && !firstIsDeeper && values[column] != values[first]) {
                found.add(unequal(column, new long[] {values[column]}, first, new long[] {values[first]}));
            }
        });
        return found;
    }

    private int repetition(int column) {
        return schema.getColumns().get(column).getMaxRepetitionLevel();
    }

    private String unequal(int column, long[] got, int first, long[] wanted) {
        long entries = LongStream.of(got).sum();
        long expected = LongStream.of(wanted).sum();
        return entries == expected
                ? "columns " + name(column) + " and " + name(first)
                        + " differ in where the field around them is null, in " + entries + " entries"
                : "column " + name(column) + " has " + entries + " entries, column " + name(first) + " " + expected;
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
    private static int compare(GroupType group, Field levels, Pair pair) {
        int columns = 0;
        for (Type field : group.getFields()) {
            Field below = new Field(
                    levels.repetition() + (field.isRepetition(Type.Repetition.REPEATED) ? 1 : 0),
                    levels.definition() + (field.isRepetition(Type.Repetition.REQUIRED) ? 0 : 1),
                    levels.column() + columns);
            columns += field.isPrimitive() ? 1 : compare(field.asGroupType(), below, pair);
        }
        for (int column = 1; column < columns; column++) {
            pair.of(levels, levels.column() + column, levels.column());
        }
        return columns;
    }
}
