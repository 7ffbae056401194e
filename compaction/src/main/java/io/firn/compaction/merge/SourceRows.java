package io.firn.compaction.merge;

import io.firn.compaction.scan.FileScans;
import java.io.Closeable;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.parquet.schema.MessageType;

/** Whole rows of one table's files, deleted ones too, one after the other, as rows of other tables. */
interface SourceRows {
    /** Goes through a file; what {@link SourceRows#as} gave shows the row that it stands at. */
    interface Cursor extends Closeable {
        /** To the first row, then to the next; false after the last. */
        boolean next();

        /** Of the row in its file, from 0. */
        long position();

        /** The record's own, in microseconds; the lowest possible where there is none. */
        long timestamp();
    }

    /** How rows are written to a table; those of several sources to one, if all are of the same way. */
    Function<MessageType, ParquetValueWriter<? extends StructLike>> writer(Table target);

    /** A view of the row at hand. */
    OutputRow as(Table target);

    Cursor open(DataFile file);

    /** Names of columns in which nearly every value is another one, from a look at a file; may be empty. */
    Set<String> varied(DataFile file);

    /** Column by column where none has an inner structure, which is several times faster, else as objects. */
    static SourceRows of(Table source, FileScans scans, List<Table> all) {
        boolean flat = all.stream().map(Table::schema).allMatch(SourceRows::isFlat);
        return flat ? new FlatRows(source, scans) : new ObjectRows(source, scans);
    }

    private static boolean isFlat(Schema schema) {
        return schema.columns().stream()
                .allMatch(column -> FlatRowWriter.takes(column.type())
                        && column.initialDefault() == null
                        && column.writeDefault() == null);
    }
}
