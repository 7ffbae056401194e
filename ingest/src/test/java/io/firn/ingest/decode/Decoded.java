package io.firn.ingest.decode;

import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.Slice;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/**
 * What became of one value in a column {@code c}.
 *
 * @param bits as the row keeps them; of no meaning where it was refused
 * @param bytes of a value that is kept as bytes
 */
record Decoded(long bits, byte[] bytes, @Nullable BadRecordException refusal) {
    /** Bytes before the value in the record. */
    static final int BEFORE = "{\"c\":".length();

    boolean accepted() {
        return refusal == null;
    }

    /** The byte of the record at which it was refused; -1 where it was not. */
    int refusalByte() {
        return refusal == null ? -1 : refusal.byteOffset();
    }

    /** Whether it was refused, naming the column, at this byte of the value. */
    boolean refusedAt(int byteOfValue) {
        return refusal != null
                && String.valueOf(refusal.getMessage()).startsWith("c: ")
                && refusal.byteOffset() == BEFORE + byteOfValue;
    }

    static Decoded of(Type type, String json) {
        return of(
                type,
                json.getBytes(StandardCharsets.UTF_8),
                DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN));
    }

    static Decoded of(Type type, byte[] json, DecodeSettings settings) {
        RowLayout layout = RowLayout.of(new Schema(Types.NestedField.optional(1, "c", type)));
        Row row = new Row(layout);
        byte[] record = new byte[json.length + BEFORE + 1];
        System.arraycopy("{\"c\":".getBytes(StandardCharsets.US_ASCII), 0, record, 0, BEFORE);
        System.arraycopy(json, 0, record, BEFORE, json.length);
        record[record.length - 1] = '}';
        try {
            new JsonRowDecoder(row, settings).decode(record, 0, record.length);
        } catch (BadRecordException refused) {
            return new Decoded(0, new byte[0], refused);
        }
        ColumnEntries entries = row.column(0);
        long bits = entries.bits(0);
        if (layout.columns().get(0).storage() != RowLayout.Storage.BYTES) {
            return new Decoded(bits, new byte[0], null);
        }
        int start = Slice.start(bits);
        return new Decoded(bits, Arrays.copyOfRange(row.bytes(bits), start, start + Slice.length(bits)), null);
    }
}
