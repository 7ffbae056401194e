package io.firn.compaction.view;

import io.firn.catalog.schema.SqlDialect;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.iceberg.Schema;
import org.apache.iceberg.expressions.Binder;
import org.apache.iceberg.expressions.BoundReference;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.ExpressionVisitors;
import org.apache.iceberg.expressions.ExpressionVisitors.BoundExpressionVisitor;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.transforms.Transforms;
import org.apache.iceberg.types.Type;

/** A condition on rows as SQL. */
final class ConditionSql extends BoundExpressionVisitor<String> {
    private final Schema schema;
    private final SqlDialect dialect;

    private ConditionSql(Schema schema, SqlDialect dialect) {
        this.schema = schema;
        this.dialect = dialect;
    }

    static String of(Expression condition, Schema schema, SqlDialect dialect) {
        Expression bound = Binder.bind(schema.asStruct(), condition, true);
        return ExpressionVisitors.visit(bound, new ConditionSql(schema, dialect));
    }

    @Override
    public String alwaysTrue() {
        return "true";
    }

    @Override
    public String alwaysFalse() {
        return "false";
    }

    @Override
    public String and(String left, String right) {
        return "(" + left + " and " + right + ")";
    }

    @Override
    public String or(String left, String right) {
        return "(" + left + " or " + right + ")";
    }

    @Override
    public <T> String isNull(BoundReference<T> column) {
        return name(column) + " is null";
    }

    @Override
    public <T> String notNull(BoundReference<T> column) {
        return name(column) + " is not null";
    }

    @Override
    public <T> String lt(BoundReference<T> column, Literal<T> value) {
        return name(column) + " < " + value(column, value.value());
    }

    @Override
    public <T> String ltEq(BoundReference<T> column, Literal<T> value) {
        return name(column) + " <= " + value(column, value.value());
    }

    @Override
    public <T> String gt(BoundReference<T> column, Literal<T> value) {
        return name(column) + " > " + value(column, value.value());
    }

    @Override
    public <T> String gtEq(BoundReference<T> column, Literal<T> value) {
        return name(column) + " >= " + value(column, value.value());
    }

    @Override
    public <T> String eq(BoundReference<T> column, Literal<T> value) {
        return name(column) + " = " + value(column, value.value());
    }

    @Override
    public <T> String notEq(BoundReference<T> column, Literal<T> value) {
        return name(column) + " <> " + value(column, value.value());
    }

    @Override
    public <T> String in(BoundReference<T> column, Set<T> values) {
        return name(column) + " in " + values(column, values);
    }

    @Override
    public <T> String notIn(BoundReference<T> column, Set<T> values) {
        return name(column) + " not in " + values(column, values);
    }

    private <T> String name(BoundReference<T> column) {
        return Arrays.stream(schema.findColumnName(column.fieldId()).split("\\."))
                .map(dialect::name)
                .collect(Collectors.joining("."));
    }

    private <T> String values(BoundReference<T> column, Set<T> values) {
        return values.stream().map(value -> value(column, value)).sorted().collect(Collectors.joining(", ", "(", ")"));
    }

    /** The library keeps values of times as numbers; an engine wants them as text of their type. */
    private <T> String value(BoundReference<T> column, T value) {
        Type type = column.type();
        return switch (type.typeId()) {
            case BOOLEAN, INTEGER, LONG -> value.toString();
            case DECIMAL -> ((BigDecimal) value).toPlainString();
            case FLOAT, DOUBLE -> "cast(" + dialect.text(value.toString()) + " as " + dialect.type(type) + ")";
            case STRING -> dialect.text(value.toString());
            default ->
                "cast("
                        + dialect.text(Transforms.identity(type)
                                .toHumanString(type, cast(value))
                                .replace('T', ' '))
                        + " as " + dialect.type(type) + ")";
        };
    }

    @SuppressWarnings("unchecked")
    private static <T> T cast(Object value) {
        return (T) value;
    }
}
