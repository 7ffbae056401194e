package io.firn.catalog.schema;

import io.firn.catalog.FirnException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/**
 * Schemas as text: {@code order_id string not null, amount decimal(10,2), tags list<string>, address struct<street
 * string, lat double>, attrs map<string, long>}.
 *
 * <p>Columns, list elements and map values may be null unless they say {@code not null}. A name with other characters
 * than letters, digits and underscores goes between backticks or double quotes.
 */
public final class SchemaText {
    private static final Map<String, Type> SIMPLE = new TreeMap<>(Map.ofEntries(
            Map.entry("boolean", Types.BooleanType.get()),
            Map.entry("int", Types.IntegerType.get()),
            Map.entry("long", Types.LongType.get()),
            Map.entry("float", Types.FloatType.get()),
            Map.entry("double", Types.DoubleType.get()),
            Map.entry("date", Types.DateType.get()),
            Map.entry("time", Types.TimeType.get()),
            Map.entry("timestamp", Types.TimestampType.withoutZone()),
            Map.entry("timestamptz", Types.TimestampType.withZone()),
            Map.entry("timestamp_ns", Types.TimestampNanoType.withoutZone()),
            Map.entry("timestamptz_ns", Types.TimestampNanoType.withZone()),
            Map.entry("string", Types.StringType.get()),
            Map.entry("uuid", Types.UUIDType.get()),
            Map.entry("binary", Types.BinaryType.get())));
    private static final List<String> COMPOSED = List.of("decimal", "fixed", "list", "map", "struct");

    /** For messages. */
    private static final String TYPES =
            String.join(", ", SIMPLE.keySet()) + ", decimal(P, S), fixed(N), list<T>, map<K, V>, struct<NAME T, ...>";

    private final String text;
    private int at;
    private int lastId;

    private SchemaText(String text) {
        this.text = text;
    }

    /**
     * The columns with ids of their own, from 1; a catalog may give them others when it creates the table.
     *
     * @throws FirnException {@code schema-invalid}, with the position of the first thing that is wrong
     */
    public static Schema parse(String text) {
        SchemaText parser = new SchemaText(text);
        List<NestedField> columns = parser.fields();
        parser.skipBlanks();
        if (parser.at < text.length()) {
            throw parser.wrong("expected ',' or the end, found '" + text.charAt(parser.at) + "'", parser.at);
        }
        return TypeUtil.assignIncreasingFreshIds(new Schema(columns));
    }

    /** A type as {@link #parse} reads it. */
    public static String of(Type type) {
        if (type.isStructType()) {
            List<String> fields = new ArrayList<>();
            for (NestedField field : type.asStructType().fields()) {
                fields.add(QuotedName.written(field.name()) + " " + of(field.type())
                        + (field.isRequired() ? " not null" : ""));
            }
            return "struct<" + String.join(", ", fields) + ">";
        }
        if (type.isListType()) {
            return "list<" + of(type.asListType().elementType()) + ">";
        }
        if (type.isMapType()) {
            return "map<" + of(type.asMapType().keyType()) + ", "
                    + of(type.asMapType().valueType()) + ">";
        }
        for (Map.Entry<String, Type> simple : SIMPLE.entrySet()) {
            if (simple.getValue().equals(type)) {
                return simple.getKey();
            }
        }
        return type.toString().replace(" ", "");
    }

    private List<NestedField> fields() {
        List<NestedField> fields = new ArrayList<>();
        Set<String> names = new HashSet<>();
        do {
            skipBlanks();
            int start = at;
            String name = name();
            if (!names.add(name.toLowerCase(Locale.ROOT))) {
                throw wrong("column '" + name + "' is there twice", start);
            }
            takeIf(':');
            int id = ++lastId;
            Type type = type();
            fields.add(notNull() ? NestedField.required(id, name, type) : NestedField.optional(id, name, type));
        } while (takeIf(','));
        return fields;
    }

    private String name() {
        skipBlanks();
        Optional<QuotedName> quoted = QuotedName.at(text, at);
        if (quoted.isPresent()) {
            if (!quoted.get().isComplete()) {
                throw wrong("a name in quotes is empty or does not end", at);
            }
            at = quoted.get().end();
            return quoted.get().name();
        }
        String word = word();
        if (word.isEmpty()) {
            throw wrong("expected a column name, found " + found(), at);
        }
        return word;
    }

    private Type type() {
        skipBlanks();
        int start = at;
        String word = word();
        String name = word.toLowerCase(Locale.ROOT);
        Type simple = SIMPLE.get(name);
        if (simple != null) {
            return simple;
        }
        return switch (name) {
            case "decimal" -> decimal(start);
            case "fixed" -> fixed();
            case "list" -> list();
            case "map" -> map();
            case "struct" -> {
                take('<');
                List<NestedField> fields = fields();
                take('>');
                yield Types.StructType.of(fields);
            }
            default -> throw unknown(word, start);
        };
    }

    private Type decimal(int start) {
        take('(');
        int precision = number();
        take(',');
        int scale = number();
        take(')');
        if (precision < 1 || precision > 38 || scale > precision) {
            throw wrong("decimal takes a precision from 1 to 38 and a scale up to it", start);
        }
        return Types.DecimalType.of(precision, scale);
    }

    private Type fixed() {
        boolean round = takeIf('(');
        if (!round) {
            take('[');
        }
        int start = at;
        int length = number();
        if (length < 1) {
            throw wrong("fixed takes a length of at least 1", start);
        }
        take(round ? ')' : ']');
        return Types.FixedType.ofLength(length);
    }

    private Type list() {
        take('<');
        int id = ++lastId;
        Type element = type();
        boolean required = notNull();
        take('>');
        return required ? Types.ListType.ofRequired(id, element) : Types.ListType.ofOptional(id, element);
    }

    private Type map() {
        take('<');
        int keyId = ++lastId;
        int valueId = ++lastId;
        Type key = type();
        notNull();
        take(',');
        Type value = type();
        boolean required = notNull();
        take('>');
        return required
                ? Types.MapType.ofRequired(keyId, valueId, key, value)
                : Types.MapType.ofOptional(keyId, valueId, key, value);
    }

    private boolean notNull() {
        skipBlanks();
        int start = at;
        if (!word().equalsIgnoreCase("not")) {
            at = start;
            return false;
        }
        skipBlanks();
        if (!word().equalsIgnoreCase("null")) {
            throw wrong("expected 'not null'", start);
        }
        return true;
    }

    private int number() {
        skipBlanks();
        int start = at;
        String word = word();
        try {
            return Integer.parseInt(word);
        } catch (NumberFormatException e) {
            throw wrong("expected a number, found " + (word.isEmpty() ? found() : "'" + word + "'"), start);
        }
    }

    private String word() {
        int start = at;
        while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
            at++;
        }
        return text.substring(start, at);
    }

    private void take(char expected) {
        if (!takeIf(expected)) {
            throw wrong("expected '" + expected + "', found " + found(), at);
        }
    }

    private boolean takeIf(char expected) {
        skipBlanks();
        if (at < text.length() && text.charAt(at) == expected) {
            at++;
            return true;
        }
        return false;
    }

    private void skipBlanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private String found() {
        return at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
    }

    private FirnException unknown(String word, int start) {
        if (word.isEmpty()) {
            return wrong("expected a type, found " + found(), start);
        }
        List<String> known = new ArrayList<>(SIMPLE.keySet());
        known.addAll(COMPOSED);
        String hint = alias(word.toLowerCase(Locale.ROOT));
        String nearest = hint.isEmpty() ? Nearest.of(word, known).orElse("") : hint;
        String question = nearest.isEmpty() ? "" : ", did you mean '" + nearest + "'?";
        return FirnException.user(
                "schema-invalid",
                "there is no type '" + word + "'" + question,
                position(start),
                "write one of " + TYPES + "; a name with blanks goes between double quotes");
    }

    /** What other systems call the types. */
    private static String alias(String word) {
        return switch (word) {
            case "bigint", "int64", "number" -> "long";
            case "integer", "int32", "smallint", "tinyint" -> "int";
            case "text", "varchar", "char" -> "string";
            case "bool" -> "boolean";
            case "real", "float32" -> "float";
            case "float64" -> "double";
            case "numeric" -> "decimal";
            case "bytes", "varbinary", "blob" -> "binary";
            case "array" -> "list";
            case "row", "object", "record" -> "struct";
            case "datetime" -> "timestamp";
            default -> "";
        };
    }

    private FirnException wrong(String what, int position) {
        return FirnException.user(
                "schema-invalid",
                what,
                position(position),
                "write columns as 'name type' or 'name type not null', with commas between them; a name with blanks"
                        + " goes between double quotes");
    }

    private static String position(int index) {
        return "schema, character " + (index + 1);
    }
}
