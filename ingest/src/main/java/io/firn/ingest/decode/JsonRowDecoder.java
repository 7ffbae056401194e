package io.firn.ingest.decode;

import io.firn.catalog.FirnException;
import io.firn.ingest.decode.DecodeSettings.OnNullValue;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.Row;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decodes JSON records into one row that is used again for each. Numbers are exact or refused, but for float and
 * double, which take the nearest value. Not safe for use by several threads.
 */
public final class JsonRowDecoder {
    private final Row row;
    private final JsonCursor cursor;
    private final StructDecoder root;
    private final StructDecoder.UnknownFields unknown;
    private final boolean nullValueIsRow;
    private final @Nullable TombstoneDecoder tombstones;

    /** @throws FirnException of kind user where the table cannot be filled as configured */
    public JsonRowDecoder(Row row, DecodeSettings settings) {
        this.row = row;
        this.cursor = new JsonCursor(row, settings.values());
        DecoderTree tree = new DecoderTree(row, settings);
        this.root = tree.build();
        this.unknown = tree.unknownFields();
        this.tombstones = settings.tombstones()
                .map(reading -> tree.tombstones(cursor, reading))
                .orElse(null);
        if (settings.onNullValue() == OnNullValue.ROW && settings.tombstones().isEmpty() && !root.allOptional()) {
            throw FirnException.user(
                    "null-value-row",
                    "records without a value cannot become rows: the table has required columns",
                    "on-null-value: row",
                    "set on-null-value: count");
        }
        this.nullValueIsRow = settings.onNullValue() != OnNullValue.COUNT && root.allOptional();
    }

    /** Whether a record whose value is null becomes a row of nulls. */
    public boolean nullValueIsRow() {
        return nullValueIsRow;
    }

    /** Fields without a column that were ignored so far. */
    public long unknownFields() {
        return unknown.count();
    }

    /**
     * Fills every column but the source columns.
     *
     * @param bytes must not change while the row is used
     * @throws BadRecordException when the record is not one JSON object that fits; the row is then of no use
     */
    public void decode(byte[] bytes, int start, int length) {
        row.start(bytes);
        cursor.start(bytes, start, length);
        if (cursor.peek() != '{') {
            throw cursor.unexpected("an object");
        }
        root.value(cursor, row, 0);
        cursor.finish();
    }

    /** Whether a record whose value is null deletes the row of its Kafka key. */
    public boolean nullValueIsTombstone() {
        return tombstones != null;
    }

    /**
     * Fills the key's columns from the Kafka key and every other but the source columns with null; only where {@link
     * #nullValueIsTombstone}.
     *
     * @throws BadRecordException where the key does not say which row is meant
     */
    public void decodeTombstone(@Nullable ByteBuffer key) {
        Objects.requireNonNull(tombstones, "null values are no tombstones here").decode(row, key);
    }

    /** Whether a Kafka key of a tombstone was a JSON string though it is read as plain text. */
    public boolean sawQuotedKey() {
        return tombstones != null && tombstones.sawQuotedKey();
    }

    /** Fills every column but the source columns with null; only where {@link #nullValueIsRow}. */
    public void decodeNull() {
        row.start(new byte[0]);
        root.fillNone(row);
    }
}
