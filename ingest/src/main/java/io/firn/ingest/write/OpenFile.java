package io.firn.ingest.write;

import io.firn.catalog.parquet.ParquetDataFile;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.io.DataWriter;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** One data file that is being written. */
final class OpenFile {
    /** A look costs about as much as a row. */
    private static final int ROWS_BETWEEN_LOOKS = 64;

    private static final int BYTES_BETWEEN_LOOKS = 256 << 10;

    private final EncryptedOutputFile target;
    private final DataWriter<Row> writer;
    private @Nullable RowValueWriter values;
    private long rows;
    private long heapBytes;
    private long bytesSinceLook;
    private long fileBytes;

    OpenFile(
            Table table,
            RowLayout layout,
            EncryptedOutputFile target,
            @Nullable StructLike partition,
            long rowGroupBytes,
            List<RowLayout.Column> withoutDictionary) {
        this.target = target;
        Map<String, String> properties = new HashMap<>();
        properties.put(TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES, Long.toString(rowGroupBytes));
        withoutDictionary.forEach(column -> properties.put(DictionaryChoice.property(column), "false"));
        this.writer = ParquetDataFile.open(
                table, layout.schema(), target, partition, type -> valueWriter(layout, type), properties);
    }

    private RowValueWriter valueWriter(RowLayout layout, MessageType type) {
        RowValueWriter created = new RowValueWriter(layout, type);
        values = created;
        return created;
    }

    String location() {
        return target.encryptingOutputFile().location();
    }

    /** @param bytes what the row may hold in heap, as an estimate until the next {@link #measure} */
    void write(Row row, int bytes) {
        writer.write(row);
        rows++;
        heapBytes += bytes;
        bytesSinceLook += bytes;
    }

    /** Whether enough was written since the last look for another one. */
    boolean looksDue() {
        return rows % ROWS_BETWEEN_LOOKS == 1 || bytesSinceLook > BYTES_BETWEEN_LOOKS;
    }

    /** Asks Parquet again what {@link #heapBytes} and {@link #fileBytes} give; costs a walk over all columns. */
    void measure() {
        heapBytes = values == null ? 0 : values.heapBytes();
        fileBytes = writer.length();
        bytesSinceLook = 0;
    }

    long heapBytes() {
        return heapBytes;
    }

    /** Bytes written plus what the open row group holds, not all of it compressed yet. */
    long fileBytes() {
        return fileBytes;
    }

    /** Closes the file for good; where this throws, the file is not whole. */
    DataFile close() {
        closeWriter();
        return writer.toDataFile();
    }

    /** Lets go of what is open, whatever becomes of the file. */
    void closeWriter() {
        try {
            writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + location(), e);
        }
    }
}
