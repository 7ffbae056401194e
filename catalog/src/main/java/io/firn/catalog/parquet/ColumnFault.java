package io.firn.catalog.parquet;

/**
 * What is wrong with a column of a Parquet file.
 *
 * @param column names from the root, with dots, as Parquet has them; empty for the file or row group as a whole
 * @param what begins with a verb, for example {@code has entries for 9 of 10 rows}
 */
public record ColumnFault(String column, String what) {
    @Override
    public String toString() {
        return column.isEmpty() ? "the file " + what : "column " + column + " " + what;
    }
}
