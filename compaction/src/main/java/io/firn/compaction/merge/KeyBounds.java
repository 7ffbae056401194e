package io.firn.compaction.merge;

import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.fold.WinnerTable;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.types.Comparators;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types.NestedField;

/**
 * Where the keys of a table can lie, as an expression that Iceberg holds against partitions, column bounds,
 * dictionaries and bloom filters: the first key column's values while they are few, else the least and the greatest.
 */
final class KeyBounds {
    /** Iceberg looks at no more values than that one by one. */
    private static final int FEW = 200;

    private KeyBounds() {}

    static Expression of(WinnerTable keys, KeyCodec codec, NestedField first) {
        Type.PrimitiveType type = first.type().asPrimitiveType();
        if (!isPrunable(type)) {
            return Expressions.alwaysTrue();
        }
        Comparator<Object> order = Comparators.forType(type);
        KeyBuffer key = new KeyBuffer();
        Object[] value = new Object[1];
        Set<Object> few = new HashSet<>();
        Object least = null;
        Object greatest = null;
        for (int number = 0; number < keys.size(); number++) {
            keys.key(keys.head(number), key);
            codec.decode(key, value);
            if (few.size() <= FEW) {
                few.add(value[0]);
            }
            least = least == null || order.compare(value[0], least) < 0 ? value[0] : least;
            greatest = greatest == null || order.compare(value[0], greatest) > 0 ? value[0] : greatest;
        }
        if (least == null || greatest == null || isNaN(least) || isNaN(greatest)) {
            return Expressions.alwaysTrue();
        }
        if (few.size() <= FEW && few.stream().noneMatch(KeyBounds::isNaN)) {
            return Expressions.in(first.name(), few);
        }
        return Expressions.and(
                Expressions.greaterThanOrEqual(first.name(), least),
                Expressions.lessThanOrEqual(first.name(), greatest));
    }

    /** Two values are no bound; fixed ones have no literal; of a whole number Iceberg thinks micros, not nanos. */
    private static boolean isPrunable(Type type) {
        return switch (type.typeId()) {
            case BOOLEAN, FIXED, TIMESTAMP_NANO -> false;
            default -> true;
        };
    }

    private static boolean isNaN(Object value) {
        return value instanceof Double && ((Double) value).isNaN() || value instanceof Float && ((Float) value).isNaN();
    }
}
