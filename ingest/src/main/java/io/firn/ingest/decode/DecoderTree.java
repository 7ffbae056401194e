package io.firn.ingest.decode;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.ingest.decode.ValueDecoder.Place;
import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;

/** Builds the decoders of a schema, each bound to its columns of one row. */
final class DecoderTree {
    /** A decimal that does not fit into 18 digits is kept as bytes. */
    private static final int MAX_LONG_PRECISION = 18;

    private final Row row;
    private final DecodeSettings settings;
    private final Parsers parsers = Parsers.create();
    private final StructDecoder.UnknownFields unknown;

    DecoderTree(Row row, DecodeSettings settings) {
        this.row = row;
        this.settings = settings;
        this.unknown = new StructDecoder.UnknownFields(settings.onUnknownField() == DecodeSettings.OnUnknownField.STOP);
    }

    StructDecoder.UnknownFields unknownFields() {
        return unknown;
    }

    /** @throws FirnException of kind user where JSON cannot carry a column's type */
    StructDecoder build() {
        Set<String> required = settings.tombstones().map(Tombstones::required).orElse(Set.of());
        List<Types.NestedField> fields = recordFields();
        List<ValueDecoder> decoders = new ArrayList<>();
        for (Types.NestedField field : fields) {
            decoders.add(decoder(
                    new Place(
                            field.name(),
                            field.isRequired() || required.contains(field.name()),
                            field.isRequired() ? 0 : 1,
                            0),
                    field));
        }
        return struct(new Place("", true, 0, 0), fields, decoders, unknown);
    }

    /** A second set of decoders, of the same row. */
    TombstoneDecoder tombstones(JsonCursor cursor, Tombstones reading) {
        List<Types.NestedField> keyFields = new ArrayList<>();
        List<ValueDecoder> keys = new ArrayList<>();
        List<ValueDecoder> others = new ArrayList<>();
        for (Types.NestedField field : recordFields()) {
            boolean isKey = reading.key().contains(field.name());
            ValueDecoder decoder = decoder(new Place(field.name(), isKey, field.isRequired() ? 0 : 1, 0), field);
            if (isKey) {
                keyFields.add(field);
                keys.add(decoder);
            } else if (field.isRequired()) {
                throw FirnException.user(
                        "schema-mismatch",
                        "column '" + field.name() + "' must not be null, and the rows of deleted keys have no value",
                        "staging table, column " + field.name(),
                        "make the column optional in the staging table");
            } else {
                others.add(decoder);
            }
        }
        if (keys.size() < reading.key().size()) {
            throw FirnException.user(
                    "key-invalid",
                    "the table does not have all of the key's columns " + reading.key(),
                    "key",
                    "name columns of the table");
        }
        StructDecoder whole =
                struct(new Place("", true, 0, 0), keyFields, keys, new StructDecoder.UnknownFields(false));
        return new TombstoneDecoder(
                cursor, reading, whole, keys.get(0), keyFields.get(0).type(), others);
    }

    /** All but what Firn itself fills. */
    private List<Types.NestedField> recordFields() {
        boolean isStaging = settings.tombstones().isPresent();
        return row.layout().schema().columns().stream()
                .filter(field -> !SourceColumns.isSourceColumn(field.name()))
                .filter(field -> !isStaging || !UpsertColumns.isUpsertColumn(field.name()))
                .toList();
    }

    private StructDecoder struct(Place place, List<Types.NestedField> fields) {
        List<String> names = new ArrayList<>();
        List<ValueDecoder> decoders = new ArrayList<>();
        for (Types.NestedField field : fields) {
            names.add(field.name());
            decoders.add(decoder(place.child(field.name(), field.isRequired()), field));
        }
        return new StructDecoder(place, names, decoders, parsers.number(), unknown);
    }

    private StructDecoder struct(
            Place place,
            List<Types.NestedField> fields,
            List<ValueDecoder> decoders,
            StructDecoder.UnknownFields unknownFields) {
        List<String> names = fields.stream().map(Types.NestedField::name).toList();
        return new StructDecoder(place, names, decoders, parsers.number(), unknownFields);
    }

    private ValueDecoder decoder(Place place, Types.NestedField field) {
        ValueDecoder decoder = ofType(place, field);
        Object value = field.writeDefault();
        if (value != null) {
            RowLayout.Column column = row.layout().column(field.fieldId());
            decoder.ifAbsent(new AbsentValue(row.column(column.index()), column, value));
        }
        return decoder;
    }

    private ValueDecoder ofType(Place place, Types.NestedField field) {
        Type type = field.type();
        if (type.isStructType()) {
            return struct(place, type.asStructType().fields());
        }
        if (type.isListType()) {
            Types.NestedField element = type.asListType().fields().get(0);
            return new ListDecoder(place, decoder(place.repeated("element", element.isRequired()), element));
        }
        if (type.isMapType()) {
            Types.NestedField key = type.asMapType().fields().get(0);
            Types.NestedField value = type.asMapType().fields().get(1);
            if (key.type().typeId() != Type.TypeID.STRING) {
                throw unsupported(place, "a map with keys of type " + key.type());
            }
            return new MapDecoder(place, entries(key), decoder(place.repeated("value", value.isRequired()), value));
        }
        return leaf(place, type, entries(field, place));
    }

    private ColumnEntries entries(Types.NestedField field, Place place) {
        if (field.type().typeId() == Type.TypeID.UNKNOWN || !field.type().isPrimitiveType()) {
            throw unsupported(place, "type " + field.type());
        }
        return entries(field);
    }

    private ColumnEntries entries(Types.NestedField field) {
        return row.column(row.layout().column(field.fieldId()).index());
    }

    private LeafDecoder leaf(Place place, Type type, ColumnEntries column) {
        NumberText number = parsers.number();
        return switch (type.typeId()) {
            case BOOLEAN -> new NumberDecoders.OfBoolean(place, column);
            case INTEGER -> new NumberDecoders.OfInteger(place, column, number, true);
            case LONG -> new NumberDecoders.OfInteger(place, column, number, false);
            case FLOAT -> new NumberDecoders.OfFloating(place, column, number, true);
            case DOUBLE -> new NumberDecoders.OfFloating(place, column, number, false);
            case DECIMAL -> decimal(place, (Types.DecimalType) type, column);
            case STRING -> new TextDecoders.OfString(place, column);
            case UUID -> new TextDecoders.OfUuid(place, column);
            case BINARY -> new TextDecoders.OfBinary(place, column, -1);
            case FIXED -> new TextDecoders.OfBinary(place, column, ((Types.FixedType) type).length());
            case DATE -> new TimeDecoders.OfDate(place, column, parsers.iso());
            case TIME -> new TimeDecoders.OfTime(place, column, parsers.iso());
            case TIMESTAMP -> timestamp(place, column, ((Types.TimestampType) type).shouldAdjustToUTC(), false);
            case TIMESTAMP_NANO -> timestamp(place, column, ((Types.TimestampNanoType) type).shouldAdjustToUTC(), true);
            default -> throw unsupported(place, "type " + type);
        };
    }

    private LeafDecoder timestamp(Place place, ColumnEntries column, boolean zoned, boolean nanos) {
        return new TimeDecoders.OfTimestamp(place, column, parsers, zoned, nanos, settings.epochUnit());
    }

    private LeafDecoder decimal(Place place, Types.DecimalType type, ColumnEntries column) {
        int fixedLength = type.precision() > MAX_LONG_PRECISION ? TypeUtil.decimalRequiredBytes(type.precision()) : 0;
        return new NumberDecoders.OfDecimal(
                place, column, parsers.number(), type.precision(), type.scale(), fixedLength);
    }

    private static FirnException unsupported(Place place, String what) {
        return FirnException.user(
                "unsupported-column-type",
                "JSON records cannot fill " + what,
                place.path(),
                "change the column's type or drop the column");
    }
}
