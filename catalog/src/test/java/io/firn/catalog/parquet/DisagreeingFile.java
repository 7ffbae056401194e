package io.firn.catalog.parquet;

import io.firn.catalog.schema.SchemaText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.Schema;
import org.apache.iceberg.inmemory.InMemoryInputFile;
import org.apache.iceberg.inmemory.InMemoryOutputFile;
import org.apache.iceberg.io.FileAppender;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.parquet.TripleWriter;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.schema.MessageType;

/**
 * A file as a decoder's counter once left it when it came round to its start: the last of four rows' lists of two
 * structs, of which the second column lacks an entry. Written without Firn's safeguards.
 */
public final class DisagreeingFile {
    private final InMemoryOutputFile file = new InMemoryOutputFile();

    private DisagreeingFile() {}

    /** @param schema with one column, a list of structs of two longs */
    static DisagreeingFile in(String schema) {
        DisagreeingFile made = new DisagreeingFile();
        write(SchemaText.parse(schema), made.file);
        return made;
    }

    InMemoryInputFile input() {
        return new InMemoryInputFile(file.toByteArray());
    }

    /** Writes the file and returns its figures, which a table would take. */
    public static FileAppender<Integer> write(Schema schema, OutputFile to) {
        try {
            FileAppender<Integer> appender = Parquet.write(to)
                    .schema(schema)
                    .createWriterFunc(Rows::new)
                    .metricsConfig(MetricsConfig.getDefault())
                    .build();
            try (appender) {
                appender.addAll(List.of(0, 1, 2, 3));
            }
            return appender;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Rows implements ParquetValueWriter<Integer> {
        private final List<ColumnDescriptor> columns;
        private ColumnWriter[] writers = {};

        Rows(MessageType type) {
            this.columns = type.getColumns();
        }

        @Override
        public void write(int repetition, Integer row) {
            int depth = columns.get(0).getMaxDefinitionLevel();
            writers[0].write(1L, 0, depth);
            writers[0].write(2L, 1, depth);
            writers[1].writeNull(0, depth - 1);
            if (row < 3) {
                writers[1].writeNull(1, depth - 1);
            }
        }

        @Override
        public List<TripleWriter<?>> columns() {
            return List.of();
        }

        @Override
        public void setColumnStore(ColumnWriteStore store) {
            writers = columns.stream().map(store::getColumnWriter).toArray(ColumnWriter[]::new);
        }
    }
}
