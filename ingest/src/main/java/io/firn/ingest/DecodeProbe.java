package io.firn.ingest;

import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.JsonRowDecoder;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import java.nio.ByteBuffer;
import org.apache.iceberg.Schema;
import org.jspecify.annotations.Nullable;

/** Decodes records as {@link RowBatchWriter} does, and writes nothing: no table has to exist. */
public final class DecodeProbe {
    private final JsonRowDecoder decoder;

    /**
     * @param schema of the table that ingestion would write, source columns included
     * @throws io.firn.catalog.FirnException of kind user where JSON records cannot fill such a table as configured
     */
    public DecodeProbe(Schema schema, DecodeSettings decoding) {
        this.decoder = new JsonRowDecoder(new Row(RowLayout.of(schema)), decoding);
    }

    /**
     * Decodes one record.
     *
     * @param length bytes of the value, or -1 for a null value
     * @throws BadRecordException where ingestion would stop at this record
     */
    public void decode(byte[] bytes, int start, int length, @Nullable ByteBuffer key) {
        if (length >= 0) {
            decoder.decode(bytes, start, length);
        } else if (decoder.nullValueIsTombstone()) {
            decoder.decodeTombstone(key);
        }
    }
}
