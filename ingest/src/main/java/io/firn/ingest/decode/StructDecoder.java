package io.firn.ingest.decode;

import io.firn.ingest.record.Row;
import java.util.Arrays;
import java.util.List;

/**
 * JSON objects as structs. A field that stands twice is refused: neither first nor last is safe to take. Fields that
 * have no column are checked as JSON and then counted or refused.
 */
final class StructDecoder extends ValueDecoder {
    /** Counts what the schema has no column for. */
    static final class UnknownFields {
        private final boolean stop;
        private long count;

        UnknownFields(boolean stop) {
            this.stop = stop;
        }

        long count() {
            return count;
        }
    }

    private final FieldNames names;
    private final ValueDecoder[] fields;
    /** A bit per field: whether the object being read has had it. */
    private final long[] seen;

    private final NumberText number;
    private final UnknownFields unknown;

    StructDecoder(
            Place place, List<String> fieldNames, List<ValueDecoder> fields, NumberText number, UnknownFields unknown) {
        super(place);
        this.names = new FieldNames(fieldNames);
        this.fields = fields.toArray(ValueDecoder[]::new);
        this.seen = new long[(this.fields.length + Long.SIZE - 1) / Long.SIZE];
        this.number = number;
        this.unknown = unknown;
    }

    @Override
    void value(JsonCursor in, Row row, int repetition) {
        if (in.peek() != '{') {
            throw wrongKind(in, "an object");
        }
        in.enter();
        Arrays.fill(seen, 0);
        int count = 0;
        if (!in.isEmpty('}')) {
            int last = names.beforeFirst();
            do {
                int at = in.position();
                int index = names.take(in, row, last);
                in.expect(':');
                if (index == FieldNames.UNKNOWN) {
                    unknownField(in, row, at);
                } else {
                    if (isSeen(index)) {
                        throw bad(in, fields[index], at);
                    }
                    seen[index >>> 6] |= 1L << index;
                    count++;
                    last = index;
                    fields[index].next(in, row, repetition);
                }
            } while (in.another('}'));
        }
        if (count < fields.length) {
            for (int i = 0; i < fields.length; i++) {
                if (!isSeen(i)) {
                    fields[i].missing(in, row, repetition);
                }
            }
        }
    }

    private boolean isSeen(int index) {
        return (seen[index >>> 6] & 1L << index) != 0;
    }

    @Override
    void fillNull(Row row, int repetition, int definition) {
        for (ValueDecoder field : fields) {
            field.fillNull(row, repetition, definition);
        }
    }

    /** Whether a row of nulls is a row. */
    boolean allOptional() {
        for (ValueDecoder field : fields) {
            if (field.required()) {
                return false;
            }
        }
        return true;
    }

    /** Fills all columns with null, each at its own level. */
    void fillNone(Row row) {
        for (ValueDecoder field : fields) {
            field.none(row);
        }
    }

    private void unknownField(JsonCursor in, Row row, int at) {
        if (unknown.stop) {
            throw in.bad(
                    (path().isEmpty() ? "" : path() + ": ") + "the object has a field that the table has no column for",
                    at);
        }
        unknown.count++;
        int mark = row.scratchSize();
        in.skip(number);
        row.scratchSize(mark);
    }

    private static RuntimeException bad(JsonCursor in, ValueDecoder field, int at) {
        return in.bad(field.path() + ": stands twice in its object", at);
    }
}
