package io.firn.ingest.decode;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;

/** JSON objects as maps from string. A key that stands twice is refused. */
final class MapDecoder extends ValueDecoder {
    private final ColumnEntries keys;
    private final ValueDecoder value;
    private final int definition;
    private final int entryRepetition;
    private final SliceSet seen = new SliceSet();

    MapDecoder(Place place, ColumnEntries keys, ValueDecoder value) {
        super(place);
        this.keys = keys;
        this.value = value;
        this.definition = place.definition();
        this.entryRepetition = place.repetition() + 1;
    }

    @Override
    void value(JsonCursor in, Row row, int repetition) {
        if (in.peek() != '{') {
            throw wrongKind(in, "an object");
        }
        in.enter();
        if (in.isEmpty('}')) {
            fillNull(row, repetition, definition);
            return;
        }
        int level = repetition;
        seen.clear();
        do {
            in.peek();
            int at = in.position();
            long key = in.string();
            if (!seen.add(row, key)) {
                throw bad(in, "key " + in.quote(row, key) + " stands twice", at);
            }
            keys.add(level, key);
            in.expect(':');
            value.next(in, row, level);
            level = entryRepetition;
        } while (in.another('}'));
    }

    @Override
    void fillNull(Row row, int repetition, int nullDefinition) {
        keys.addNull(repetition, nullDefinition);
        value.fillNull(row, repetition, nullDefinition);
    }
}
