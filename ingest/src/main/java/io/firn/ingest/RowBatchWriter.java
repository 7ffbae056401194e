package io.firn.ingest;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.JsonRowDecoder;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.SourceColumnEntries;
import io.firn.ingest.write.DataFileWriters;
import io.firn.ingest.write.WriteSettings;
import java.util.List;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;

/**
 * JSON records to Parquet files of one table: decoded whole into a row, then written, so that a refused record leaves
 * no trace. Takes schema, partitioning and properties of the table as they are when it is made.
 */
public final class RowBatchWriter implements BatchWriter {
    private final Row row;
    private final JsonRowDecoder decoder;
    private final SourceColumnEntries sourceColumns;
    private final DataFileWriters writers;

    private RowBatchWriter(Table table, DecodeSettings decoding, WriteSettings writing) {
        this.row = new Row(RowLayout.of(table.schema()));
        this.decoder = new JsonRowDecoder(row, decoding);
        this.sourceColumns = new SourceColumnEntries(row);
        this.writers = new DataFileWriters(table, row, writing);
    }

    /** @throws FirnException of kind user where JSON records cannot fill the table as configured */
    public static RowBatchWriter create(Table table, DecodeSettings decoding, WriteSettings writing) {
        return new RowBatchWriter(table, decoding, writing);
    }

    @Override
    public Written write(
            SourcePartition partition, long offset, long timestampMillis, byte[] bytes, int start, int length) {
        if (length >= 0) {
            decoder.decode(bytes, start, length);
        } else if (decoder.nullValueIsRow()) {
            decoder.decodeNull();
        } else {
            return Written.NULL_VALUE_COUNTED;
        }
        sourceColumns.fill(row, partition, offset, timestampMillis);
        writers.write(Math.max(length, 0));
        return Written.ROW;
    }

    /** Fields of records that the table has no column for, since this writer was made. */
    public long unknownFields() {
        return decoder.unknownFields();
    }

    @Override
    public long bufferedBytes() {
        return writers.bufferedBytes();
    }

    @Override
    public long fileBytes() {
        return writers.fileBytes();
    }

    @Override
    public List<DataFile> seal() {
        return writers.seal();
    }

    @Override
    public void discard() {
        writers.discard();
    }
}
