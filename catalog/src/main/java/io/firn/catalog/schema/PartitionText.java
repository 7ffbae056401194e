package io.firn.catalog.schema;

import io.firn.catalog.FirnException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.ValidationException;

/**
 * Partition specs as text: {@code col}, {@code year(col)}, {@code month(col)}, {@code day(col)}, {@code hour(col)},
 * {@code bucket(N, col)}, {@code truncate(W, col)}, {@code void(col)}. A name with blanks or brackets goes between
 * backticks or double quotes.
 */
public final class PartitionText {
    private static final String NAME = "`[^`]+`|\"[^\"]+\"|[^(),\\s`\"]+";
    private static final Pattern COLUMN = Pattern.compile(NAME);
    private static final Pattern TRANSFORM =
            Pattern.compile("(\\w+)\\s*\\(\\s*(?:(\\d{1,9})\\s*,\\s*)?(" + NAME + ")\\s*\\)");
    private static final List<String> PLAIN = List.of("identity", "year", "month", "day", "hour", "void");
    private static final List<String> WITH_NUMBER = List.of("bucket", "truncate");

    private PartitionText() {}

    /**
     * @throws FirnException {@code partition-invalid}
     */
    public static PartitionSpec parse(Schema schema, List<String> texts) {
        PartitionSpec.Builder spec = PartitionSpec.builderFor(schema);
        for (String text : texts) {
            add(spec, schema, text.strip());
        }
        try {
            return spec.build();
        } catch (ValidationException | IllegalArgumentException e) {
            throw wrong(String.join(", ", texts), String.valueOf(e.getMessage()));
        }
    }

    /**
     * Returns how the table that is there is partitioned, if these texts say something else: they count only where a
     * table is created.
     */
    public static Optional<String> unlike(Table table, List<String> texts) {
        if (texts.isEmpty() || isLike(table, texts)) {
            return Optional.empty();
        }
        String fields = table.spec().fields().stream()
                .map(field -> field.transform() + " of " + table.schema().findColumnName(field.sourceId()))
                .collect(Collectors.joining(", "));
        return Optional.of("partition-by has no effect on the table that is there, which is "
                + (fields.isEmpty() ? "not partitioned" : "partitioned by " + fields));
    }

    private static boolean isLike(Table table, List<String> texts) {
        try {
            return parse(table.schema(), texts).compatibleWith(table.spec());
        } catch (FirnException other) {
            // The table lacks a column, or a transform does not go with its type.
            return false;
        }
    }

    private static void add(PartitionSpec.Builder spec, Schema schema, String text) {
        Matcher transform = TRANSFORM.matcher(text);
        boolean plain = COLUMN.matcher(text).matches();
        if (!plain && !transform.matches()) {
            throw wrong(text, "this is no partition field");
        }
        String name = plain ? "identity" : transform.group(1).toLowerCase(Locale.ROOT);
        String column = QuotedName.unquoted(plain ? text : transform.group(3));
        String number = plain ? null : transform.group(2);
        if (!PLAIN.contains(name) && !WITH_NUMBER.contains(name)) {
            List<String> known = java.util.stream.Stream.concat(PLAIN.stream(), WITH_NUMBER.stream())
                    .toList();
            String hint = Nearest.of(name, known)
                    .map(nearest -> ", did you mean '" + nearest + "'?")
                    .orElse("");
            throw wrong(text, "there is no transform '" + name + "'" + hint);
        }
        if (WITH_NUMBER.contains(name) != (number != null)) {
            throw wrong(
                    text,
                    number == null
                            ? name + " takes a number first, as " + name + "(16, " + column + ")"
                            : name + " takes a column alone");
        }
        if (schema.findField(column) == null) {
            throw wrong(text, "the schema has no column '" + column + "'");
        }
        int parameter = number == null ? 0 : Integer.parseInt(number);
        try {
            PartitionSpec.Builder alone = PartitionSpec.builderFor(schema);
            apply(alone, name, column, parameter);
            alone.build();
            apply(spec, name, column, parameter);
        } catch (ValidationException | IllegalArgumentException e) {
            throw wrong(text, String.valueOf(e.getMessage()));
        }
    }

    private static void apply(PartitionSpec.Builder spec, String transform, String column, int number) {
        switch (transform) {
            case "year" -> spec.year(column);
            case "month" -> spec.month(column);
            case "day" -> spec.day(column);
            case "hour" -> spec.hour(column);
            case "void" -> spec.alwaysNull(column);
            case "bucket" -> spec.bucket(column, number);
            case "truncate" -> spec.truncate(column, number);
            default -> spec.identity(column);
        }
    }

    private static FirnException wrong(String text, String what) {
        return FirnException.user(
                "partition-invalid",
                what,
                "partition-by: " + text,
                "write a column, year|month|day|hour(column), bucket(N, column), truncate(W, column) or void(column)");
    }
}
