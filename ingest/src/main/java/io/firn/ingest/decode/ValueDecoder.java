package io.firn.ingest.decode;

import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.Row;
import org.jspecify.annotations.Nullable;

/** Decodes the values of one field of the schema into the row's columns under that field. */
abstract class ValueDecoder {
    private final String path;
    private final boolean required;
    private final int nullDefinition;
    private @Nullable AbsentValue absent;

    ValueDecoder(Place place) {
        this.path = place.path();
        this.required = place.required();
        this.nullDefinition = place.definition() - (required ? 0 : 1);
    }

    /**
     * Where a field stands.
     *
     * @param definition definition level of a value of it that is there
     * @param repetition repetition level of a further element of the innermost list or map around it
     */
    record Place(String path, boolean required, int definition, int repetition) {
        Place child(String name, boolean childRequired) {
            String childPath = path.isEmpty() ? name : path + "." + name;
            return new Place(childPath, childRequired, definition + (childRequired ? 0 : 1), repetition);
        }

        /** An element in a list or map that stands here. */
        Place repeated(String name, boolean childRequired) {
            return new Place(
                    path + "." + name, childRequired, definition + 1 + (childRequired ? 0 : 1), repetition + 1);
        }
    }

    final String path() {
        return path;
    }

    /** Decodes the value that comes next; it is not null. */
    abstract void value(JsonCursor in, Row row, int repetition);

    /** Adds an entry at this definition level to every column under this field. */
    abstract void fillNull(Row row, int repetition, int definition);

    /** Decodes what comes next, value or null. */
    final void next(JsonCursor in, Row row, int repetition) {
        if (in.peek() == 'n') {
            int at = in.position();
            in.nullLiteral();
            if (required) {
                throw in.bad(path + ": null in a required column", at);
            }
            fillNull(row, repetition, nullDefinition);
        } else {
            value(in, row, repetition);
        }
    }

    /** What the column gets when a record lacks its field, instead of null. */
    final void ifAbsent(AbsentValue value) {
        absent = value;
    }

    /** The field is null because the record has no value at all. */
    final void none(Row row) {
        fillNull(row, 0, nullDefinition);
    }

    /** The record has no such field. */
    final void missing(JsonCursor in, Row row, int repetition) {
        AbsentValue value = absent;
        if (value != null) {
            value.addTo(row, repetition);
            return;
        }
        if (required) {
            throw in.bad(path + ": required, but missing", in.position());
        }
        fillNull(row, repetition, nullDefinition);
    }

    final boolean required() {
        return required;
    }

    final BadRecordException wrongKind(JsonCursor in, String wanted) {
        return in.bad(path + ": expected " + wanted + ", found " + in.kind(), in.position());
    }

    final BadRecordException bad(JsonCursor in, String reason, int at) {
        return in.bad(path + ": " + reason, at);
    }
}
