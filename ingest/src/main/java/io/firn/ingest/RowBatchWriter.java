package io.firn.ingest;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.WritableSchema;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.JsonRowDecoder;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.SourceColumnEntries;
import io.firn.ingest.write.DataFileWriters;
import io.firn.ingest.write.WriteSettings;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JSON records to Parquet files of one table: decoded whole into a row, then written, so that a refused record leaves
 * no trace. Takes schema, partitioning and properties of the table as they are when it is made.
 */
public final class RowBatchWriter implements BatchWriter {
    private static final Logger LOG = LoggerFactory.getLogger(RowBatchWriter.class);

    private final Row row;
    private final JsonRowDecoder decoder;
    private final SourceColumnEntries sourceColumns;
    private final @Nullable ColumnEntries tombstone;
    private final DataFileWriters writers;
    private boolean quotedKeyLogged;

    private RowBatchWriter(Table table, DecodeSettings decoding, WriteSettings writing) {
        this.row = new Row(RowLayout.of(WritableSchema.of(table.schema(), table.spec(), table.name())));
        this.decoder = new JsonRowDecoder(row, decoding);
        boolean isStaging = decoder.nullValueIsTombstone();
        this.sourceColumns = isStaging ? SourceColumnEntries.ofStaging(row) : SourceColumnEntries.of(row);
        this.tombstone = isStaging ? tombstoneEntries(row) : null;
        this.writers = new DataFileWriters(table, row, writing);
    }

    /** @throws FirnException of kind user where JSON records cannot fill the table as configured */
    public static RowBatchWriter create(Table table, DecodeSettings decoding, WriteSettings writing) {
        return new RowBatchWriter(table, decoding, writing);
    }

    @Override
    public Written write(
            SourcePartition partition,
            long offset,
            long timestampMillis,
            byte[] bytes,
            int start,
            int length,
            @Nullable ByteBuffer key) {
        if (length >= 0) {
            decoder.decode(bytes, start, length);
        } else if (tombstone != null) {
            decoder.decodeTombstone(key);
            hintAtQuotedKey(partition, offset);
        } else if (decoder.nullValueIsRow()) {
            decoder.decodeNull();
        } else {
            return Written.NULL_VALUE_COUNTED;
        }
        sourceColumns.fill(row, partition, offset, timestampMillis);
        if (tombstone != null) {
            tombstone.add(0, length < 0 ? 1 : 0);
        }
        writers.write(Math.max(length, 0));
        return Written.ROW;
    }

    private static ColumnEntries tombstoneEntries(Row row) {
        Types.NestedField field = row.layout().schema().asStruct().field(UpsertColumns.TOMBSTONE);
        if (field == null || field.type().typeId() != Type.TypeID.BOOLEAN) {
            throw FirnException.user(
                    "schema-mismatch",
                    "a staging table needs the boolean column " + UpsertColumns.TOMBSTONE,
                    UpsertColumns.TOMBSTONE,
                    "add it, or drop the staging table where nothing unmerged is in it");
        }
        return row.column(row.layout().column(field.fieldId()).index());
    }

    private void hintAtQuotedKey(SourcePartition partition, long offset) {
        if (!quotedKeyLogged && decoder.sawQuotedKey()) {
            quotedKeyLogged = true;
            LOG.warn(
                    "{}, offset {}: the Kafka key is a JSON string, and key-format: text takes its quotes for a part of"
                            + " the key, so the record deletes nothing; set key-format: json",
                    partition,
                    offset);
        }
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
    public int openFiles() {
        return writers.openFiles();
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
