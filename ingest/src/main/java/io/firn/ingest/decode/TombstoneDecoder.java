package io.firn.ingest.decode;

import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.Row;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.iceberg.types.Type;
import org.jspecify.annotations.Nullable;

/** Fills a row from a Kafka key: the key's columns with what it holds, all others with null. */
final class TombstoneDecoder {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final JsonCursor cursor;
    private final Tombstones settings;
    private final StructDecoder whole;
    private final ValueDecoder first;
    private final boolean isQuoted;
    private final List<ValueDecoder> others;
    private boolean sawQuotedKey;

    /**
     * @param whole of the key's columns
     * @param first of the first of them
     * @param firstType of that column
     * @param others decoders of all other columns that are not Firn's own
     */
    TombstoneDecoder(
            JsonCursor cursor,
            Tombstones settings,
            StructDecoder whole,
            ValueDecoder first,
            Type firstType,
            List<ValueDecoder> others) {
        this.cursor = cursor;
        this.settings = settings;
        this.whole = whole;
        this.first = first;
        this.isQuoted = Tombstones.isQuoted(firstType);
        this.others = List.copyOf(others);
    }

    /** @throws BadRecordException where the key does not say which row is meant */
    void decode(Row row, @Nullable ByteBuffer key) {
        if (key == null) {
            throw new BadRecordException(
                    "neither a value nor a Kafka key: nothing says which row of " + settings.key() + " to delete", -1);
        }
        byte[] bytes = settings.keyFormat() == Tombstones.KeyFormat.TEXT ? asJson(key) : copy(key);
        row.start(bytes);
        cursor.start(bytes, 0, bytes.length);
        try {
            decodeKey(row);
        } catch (BadRecordException bad) {
            throw new BadRecordException("no value, and of its Kafka key: " + bad.getMessage(), -1);
        }
        for (ValueDecoder other : others) {
            other.fillNull(row, 0, 0);
        }
    }

    private void decodeKey(Row row) {
        if (settings.key().size() > 1 || cursor.peek() == '{') {
            whole.next(cursor, row, 0);
        } else {
            first.next(cursor, row, 0);
        }
        cursor.finish();
    }

    private static byte[] copy(ByteBuffer key) {
        byte[] bytes = new byte[key.remaining()];
        key.duplicate().get(bytes);
        return bytes;
    }

    /** As JSON would write the column's value, so that there is one way to read it. */
    private byte[] asJson(ByteBuffer key) {
        byte[] text = copy(key);
        sawQuotedKey |= isQuoted && text.length > 1 && text[0] == '"' && text[text.length - 1] == '"';
        return isQuoted ? quoted(text) : text;
    }

    /** Whether a key under format text was a JSON string, of which the quotes became a part of the value. */
    boolean sawQuotedKey() {
        return sawQuotedKey;
    }

    private static byte[] quoted(byte[] text) {
        ByteBuffer json = ByteBuffer.allocate(Math.addExact(Math.multiplyExact(text.length, 6), 2));
        json.put((byte) '"');
        for (byte c : text) {
            if (c == '"' || c == '\\') {
                json.put((byte) '\\').put(c);
            } else if (c >= 0 && c < ' ') {
                json.put((byte) '\\').put((byte) 'u').put((byte) '0').put((byte) '0');
                json.put(HEX[c >> 4]).put(HEX[c & 15]);
            } else {
                json.put(c);
            }
        }
        json.put((byte) '"').flip();
        return copy(json);
    }
}
