package io.firn.ingest.decode;

import io.firn.ingest.record.Row;

/** JSON arrays as lists. */
final class ListDecoder extends ValueDecoder {
    private final ValueDecoder element;
    private final int definition;
    private final int elementRepetition;

    ListDecoder(Place place, ValueDecoder element) {
        super(place);
        this.element = element;
        this.definition = place.definition();
        this.elementRepetition = place.repetition() + 1;
    }

    @Override
    void value(JsonCursor in, Row row, int repetition) {
        if (in.peek() != '[') {
            throw wrongKind(in, "an array");
        }
        in.enter();
        if (in.isEmpty(']')) {
            element.fillNull(row, repetition, definition);
            return;
        }
        int level = repetition;
        do {
            element.next(in, row, level);
            level = elementRepetition;
        } while (in.another(']'));
    }

    @Override
    void fillNull(Row row, int repetition, int nullDefinition) {
        element.fillNull(row, repetition, nullDefinition);
    }
}
