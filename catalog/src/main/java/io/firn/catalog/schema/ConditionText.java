package io.firn.catalog.schema;

import io.firn.catalog.FirnException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.Schema;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.expressions.Binder;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types.NestedField;

/**
 * Conditions on a row as text, a small part of SQL: {@code op = 'd'}, {@code deleted = true and not_before is null},
 * {@code status in ('gone', 'void') or (version >= 3 and region <> 'eu')}.
 *
 * <p>As in SQL a comparison with null is not true; there is no general {@code not}, so no condition can turn that into
 * true. Texts, dates, times and the like go between single quotes, a quote within is doubled; names with other
 * characters than letters, digits, underscores and dots go between backticks or double quotes.
 */
public final class ConditionText {
    private static final Map<String, Expression.Operation> COMPARISONS = Map.of(
            "=", Expression.Operation.EQ,
            "<>", Expression.Operation.NOT_EQ,
            "!=", Expression.Operation.NOT_EQ,
            "<", Expression.Operation.LT,
            "<=", Expression.Operation.LT_EQ,
            ">", Expression.Operation.GT,
            ">=", Expression.Operation.GT_EQ);

    private final Schema schema;
    private final String text;
    private int at;

    private ConditionText(Schema schema, String text) {
        this.schema = schema;
        this.text = text;
    }

    /**
     * @return by names, each of which the schema has with a type that fits
     * @throws FirnException {@code condition-invalid}, with the position of the first thing that is wrong
     */
    public static Expression parse(Schema schema, String text) {
        ConditionText parser = new ConditionText(schema, text);
        Expression condition = parser.alternatives();
        parser.skipBlanks();
        if (parser.at < text.length()) {
            throw parser.wrong("expected 'and', 'or' or the end, found " + parser.found(), parser.at);
        }
        return condition;
    }

    private Expression alternatives() {
        Expression left = conjunction();
        while (takeWord("or")) {
            left = Expressions.or(left, conjunction());
        }
        return left;
    }

    private Expression conjunction() {
        Expression left = term();
        while (takeWord("and")) {
            left = Expressions.and(left, term());
        }
        return left;
    }

    private Expression term() {
        if (takeIf("(")) {
            Expression inner = alternatives();
            take(")");
            return inner;
        }
        skipBlanks();
        int start = at;
        NestedField column = column();
        String name = column.name();
        if (takeWord("is")) {
            boolean not = takeWord("not");
            takeKeyword("null");
            return checked(not ? Expressions.notNull(path(column)) : Expressions.isNull(path(column)), start);
        }
        if (takeWord("not")) {
            takeKeyword("in");
            return and(column, checked(Expressions.notIn(path(column), values(column)), start), start);
        }
        if (takeWord("in")) {
            return checked(Expressions.in(path(column), values(column)), start);
        }
        String operator = operator();
        if (operator.isEmpty()) {
            throw wrong("expected a comparison after '" + name + "', found " + found(), at);
        }
        Expression.Operation operation = COMPARISONS.getOrDefault(operator, Expression.Operation.EQ);
        Expression comparison = checked(Expressions.predicate(operation, path(column), value(column)), start);
        return operation == Expression.Operation.EQ ? comparison : and(column, comparison, start);
    }

    /** The library orders null before every value, and different from it; for SQL neither is true. */
    private Expression and(NestedField column, Expression comparison, int start) {
        return Expressions.and(checked(Expressions.notNull(path(column)), start), comparison);
    }

    private Expression checked(Expression predicate, int start) {
        try {
            Binder.bind(schema.asStruct(), predicate, true);
            return predicate;
        } catch (ValidationException | IllegalArgumentException | DateTimeException e) {
            throw wrong(String.valueOf(e.getMessage()), start);
        }
    }

    private String path(NestedField column) {
        return schema.findColumnName(column.fieldId());
    }

    private NestedField column() {
        skipBlanks();
        int start = at;
        String name = name();
        if (name.isEmpty()) {
            throw wrong("expected a column, found " + found(), start);
        }
        NestedField column = schema.findField(name);
        if (column == null) {
            String hint = Nearest.of(
                            name,
                            schema.columns().stream().map(NestedField::name).toList())
                    .map(nearest -> ", did you mean '" + nearest + "'?")
                    .orElse("");
            throw wrong("the schema has no column '" + name + "'" + hint, start);
        }
        if (!column.type().isPrimitiveType()) {
            throw wrong("column '" + name + "' is no single value", start);
        }
        return column;
    }

    private String name() {
        Optional<QuotedName> quoted = QuotedName.at(text, at);
        if (quoted.isPresent()) {
            if (!quoted.get().isComplete()) {
                throw wrong("a name in quotes is empty or does not end", at);
            }
            at = quoted.get().end();
            return quoted.get().name();
        }
        int start = at;
        while (at < text.length() && (isWordCharacter(text.charAt(at)) || text.charAt(at) == '.')) {
            at++;
        }
        return text.substring(start, at);
    }

    private List<Object> values(NestedField column) {
        take("(");
        List<Object> values = new ArrayList<>();
        do {
            values.add(value(column));
        } while (takeIf(","));
        take(")");
        return values;
    }

    private Object value(NestedField column) {
        skipBlanks();
        int start = at;
        if (at < text.length() && text.charAt(at) == '\'') {
            return quoted(column, start);
        }
        while (at < text.length() && (isWordCharacter(text.charAt(at)) || "+-.".indexOf(text.charAt(at)) >= 0)) {
            at++;
        }
        String word = text.substring(start, at);
        try {
            return switch (column.type().typeId()) {
                case BOOLEAN -> truth(word);
                case INTEGER -> Integer.valueOf(word);
                case LONG -> Long.valueOf(word);
                case FLOAT -> Float.valueOf(word);
                case DOUBLE -> Double.valueOf(word);
                case DECIMAL -> new BigDecimal(word);
                default -> throw wrong(notAValue(column.type(), word), start);
            };
        } catch (NumberFormatException e) {
            throw wrong(notAValue(column.type(), word), start);
        }
    }

    private String quoted(NestedField column, int start) {
        switch (column.type().typeId()) {
            case BOOLEAN, INTEGER, LONG, FLOAT, DOUBLE, DECIMAL, BINARY, FIXED ->
                throw wrong(
                        "column '" + column.name() + "' of type " + column.type() + " cannot be compared with a text",
                        start);
            default -> at++;
        }
        StringBuilder value = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c != '\'') {
                value.append(c);
            } else if (at < text.length() && text.charAt(at) == '\'') {
                value.append(c);
                at++;
            } else {
                return value.toString();
            }
        }
        throw wrong("a text does not end", start);
    }

    private static Boolean truth(String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "true" -> Boolean.TRUE;
            case "false" -> Boolean.FALSE;
            default -> throw new NumberFormatException(word);
        };
    }

    private String notAValue(Type type, String word) {
        return "expected a value of type " + type + ", found " + (word.isEmpty() ? found() : "'" + word + "'");
    }

    private String operator() {
        skipBlanks();
        for (int length = 2; length > 0; length--) {
            if (at + length <= text.length() && COMPARISONS.containsKey(text.substring(at, at + length))) {
                String operator = text.substring(at, at + length);
                at += length;
                return operator;
            }
        }
        return "";
    }

    private boolean takeWord(String word) {
        skipBlanks();
        int end = at + word.length();
        boolean matches = text.regionMatches(true, at, word, 0, word.length())
                && (end >= text.length() || !isWordCharacter(text.charAt(end)));
        if (matches) {
            at = end;
        }
        return matches;
    }

    private void takeKeyword(String word) {
        if (!takeWord(word)) {
            throw wrong("expected '" + word + "', found " + found(), at);
        }
    }

    private boolean takeIf(String expected) {
        skipBlanks();
        if (text.startsWith(expected, at)) {
            at += expected.length();
            return true;
        }
        return false;
    }

    private void take(String expected) {
        if (!takeIf(expected)) {
            throw wrong("expected '" + expected + "', found " + found(), at);
        }
    }

    private void skipBlanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private static boolean isWordCharacter(char c) {
        return Character.isLetterOrDigit(c) || c == '_';
    }

    private String found() {
        return at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
    }

    private FirnException wrong(String what, int position) {
        return FirnException.user(
                "condition-invalid",
                what,
                "condition, character " + (position + 1),
                "write comparisons as op = 'd', version >= 3, note is null, status in ('a', 'b'), with and, or and"
                        + " parentheses");
    }
}
