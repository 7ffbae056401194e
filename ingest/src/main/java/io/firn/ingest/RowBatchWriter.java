package io.firn.ingest;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.FileSchema;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.SealedFiles;
import io.firn.ingest.write.WriteSettings;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Supplier;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.SerializableTable;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JSON records to Parquet files of one table: decoded whole into a row, then written, so that a refused record leaves
 * no trace. Everything between two seals is written for one version of the table, the latest that was known when it
 * began; so columns, partitioning and properties that others change take effect with the next files.
 */
public final class RowBatchWriter implements BatchWriter {
    private static final Logger LOG = LoggerFactory.getLogger(RowBatchWriter.class);

    private final Supplier<Table> latest;
    private final DecodeSettings decoding;
    private final Supplier<WriteSettings> writing;
    private final TableVersionListener listener;
    private BoundWriter bound;
    private boolean isEmpty = true;
    private boolean quotedKeyLogged;
    private long unknownFields;

    private RowBatchWriter(
            Supplier<Table> latest,
            DecodeSettings decoding,
            Supplier<WriteSettings> writing,
            TableVersionListener listener) {
        this.latest = latest;
        this.decoding = decoding;
        this.writing = writing;
        this.listener = listener;
        this.bound = new BoundWriter(latest.get(), decoding, writing.get());
        listener.bound(bound.table());
    }

    /**
     * Returns a writer that follows the table.
     *
     * @param latest the table as it is known now; what it returns never changes
     * @param writing settings with a writer ID of their own at each call
     * @throws FirnException of kind user where JSON records cannot fill the table as configured
     */
    public static RowBatchWriter following(
            Supplier<Table> latest, DecodeSettings decoding, Supplier<WriteSettings> writing) {
        return following(latest, decoding, writing, TableVersionListener.NONE);
    }

    /**
     * As {@link #following(Supplier, DecodeSettings, Supplier)}.
     *
     * @param listener receives the version at once, each later one that files are written for, and whether records
     *     had fields without a column
     */
    public static RowBatchWriter following(
            Supplier<Table> latest,
            DecodeSettings decoding,
            Supplier<WriteSettings> writing,
            TableVersionListener listener) {
        return new RowBatchWriter(latest, decoding, writing, listener);
    }

    /**
     * Returns a writer for the table as it is now.
     *
     * @throws FirnException of kind user where JSON records cannot fill the table as configured
     */
    public static RowBatchWriter create(Table table, DecodeSettings decoding, WriteSettings writing) {
        Table now = SerializableTable.copyOf(table);
        return new RowBatchWriter(() -> now, decoding, () -> writing, TableVersionListener.NONE);
    }

    /** Takes the latest version of the table; nothing is written for the one before that is not sealed. */
    private BoundWriter begun() {
        Table now = latest.get();
        if (!bound.fits(now)) {
            LOG.info(
                    "table {} was changed: new files are written for schema {} and partition spec {}",
                    now.name(),
                    now.schema().schemaId(),
                    now.spec().specId());
            unknownFields += bound.unknownFields();
            bound = new BoundWriter(now, decoding, writing.get());
            listener.bound(now);
        }
        isEmpty = false;
        return bound;
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
        BoundWriter writer = isEmpty ? begun() : bound;
        Written written = writer.write(partition, offset, timestampMillis, bytes, start, length, key);
        if (length < 0 && !quotedKeyLogged && writer.sawQuotedKey()) {
            quotedKeyLogged = true;
            LOG.warn(
                    "{}, offset {}: the Kafka key is a JSON string, and key-format: text takes its quotes for a part of"
                            + " the key, so the record deletes nothing; set key-format: json",
                    partition,
                    offset);
        }
        return written;
    }

    /** Fields of records that the table has no column for, since this writer was made. */
    public long unknownFields() {
        return unknownFields + bound.unknownFields();
    }

    @Override
    public long bufferedBytes() {
        return bound.files().bufferedBytes();
    }

    @Override
    public int openFiles() {
        return bound.files().openFiles();
    }

    @Override
    public long fileBytes() {
        return bound.files().fileBytes();
    }

    @Override
    public SealedFiles seal() {
        BoundWriter writer = isEmpty ? begun() : bound;
        List<DataFile> files = writer.files().seal();
        isEmpty = true;
        FileSchema written = writer.sealSchema();
        if (written.values() == FileSchema.Values.BY_NAME_IN_PART) {
            listener.fieldsIgnored(writer.table());
        }
        return new SealedFiles(files, written);
    }

    @Override
    public void discard() {
        bound.files().discard();
        bound.sealSchema();
        isEmpty = true;
    }

    @Override
    public boolean isOutdated() {
        return !bound.fits(latest.get());
    }
}
