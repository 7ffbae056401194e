package io.firn.ingest.decode;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;

/** A field with one column of its own. */
abstract class LeafDecoder extends ValueDecoder {
    private final ColumnEntries column;

    LeafDecoder(Place place, ColumnEntries column) {
        super(place);
        this.column = column;
    }

    /** Decodes the value that comes next to the 64 bits that the column keeps. */
    abstract long bits(JsonCursor in, Row row);

    @Override
    final void value(JsonCursor in, Row row, int repetition) {
        column.add(repetition, bits(in, row));
    }

    @Override
    final void fillNull(Row row, int repetition, int definition) {
        column.addNull(repetition, definition);
    }

    /** Takes a string; anything else is refused. */
    final long text(JsonCursor in, String wanted) {
        if (in.peek() != '"') {
            throw wrongKind(in, wanted);
        }
        return in.string();
    }

    /** Takes a number and returns where it began; anything else is refused. */
    final int number(JsonCursor in, NumberText number, String wanted) {
        byte c = in.peek();
        int at = in.position();
        if (c != '-' && (c < '0' || c > '9')) {
            throw wrongKind(in, wanted);
        }
        number.read(in);
        return at;
    }
}
