package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.compaction.fold.Candidate;
import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.fold.Sources;
import io.firn.compaction.fold.Sources.Source;
import io.firn.compaction.scan.ColumnCursor;
import io.firn.compaction.scan.RowCursor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.types.Type.TypeID;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/**
 * The columns of one of the three tables that the order has to know: key first, then the version, then the record's
 * position. Fills a {@link Candidate} from a row of them. Remembers the last topic, so each reader has its own.
 */
final class RecordColumns {
    private static final byte[] NO_ID = {};

    /** A row that came from no record, as one written by hand: any record comes after it. */
    private static final Source NO_RECORD = new Source("", "", -1);

    private final Sources sources;
    private final KeyCodec keys;
    private final List<NestedField> fields = new ArrayList<>();
    private final int version;
    private final boolean fractionalVersion;
    private final int topic;
    private final int topicId;
    private final int partition;
    private final int offset;
    private final int timestamp;

    private byte[] lastTopic = NO_ID;
    private byte[] lastTopicId = NO_ID;
    private int[] numbers = new int[0];

    /** @param timestampColumn the record's own in staging, the order timestamp elsewhere */
    RecordColumns(Table table, UpsertLayout layout, KeyCodec keys, Sources sources, String timestampColumn) {
        this.sources = sources;
        this.keys = keys;
        for (String name : layout.key()) {
            add(table, name);
        }
        this.version =
                layout.orderBy().isPresent() ? add(table, layout.orderBy().get()) : -1;
        this.fractionalVersion = version >= 0 && isFraction(fields.get(version));
        this.topic = add(table, SourceColumns.TOPIC);
        this.partition = add(table, SourceColumns.PARTITION);
        this.offset = add(table, SourceColumns.OFFSET);
        this.timestamp = add(table, timestampColumn);
        boolean incarnations = table.schema().findField(UpsertColumns.TOPIC_ID) != null;
        this.topicId = incarnations ? add(table, UpsertColumns.TOPIC_ID) : -1;
    }

    private static boolean isFraction(NestedField field) {
        return field.type().typeId() == TypeID.FLOAT || field.type().typeId() == TypeID.DOUBLE;
    }

    /** Adds a further column, behind those that are there; returns its number. */
    int add(Table table, String name) {
        Schema schema = table.schema();
        NestedField field = schema.asStruct().field(name);
        if (field == null) {
            throw FirnException.user(
                    "schema-mismatch",
                    "the table has no column '" + name + "'",
                    "table " + table.name(),
                    "restore the column: the merge can not tell which record is the last without it");
        }
        fields.add(field);
        return fields.size() - 1;
    }

    /** What to read, in this order. */
    List<NestedField> fields() {
        return fields;
    }

    /** What to read where only the keys matter. */
    List<NestedField> keyFields() {
        return fields.subList(0, keys.columns());
    }

    void key(RowCursor row, KeyBuffer into) {
        keys.encode(row, into);
    }

    /** Everything but the pointer and whether it deletes. */
    void position(RowCursor row, Candidate into) {
        into.inherited = false;
        into.versionNull = version < 0 || row.column(version).isNull();
        into.version = into.versionNull ? 0 : version(row.column(version));
        into.source = source(row);
        into.offset = longOr(row.column(offset), -1);
        into.timestamp = longOr(row.column(timestamp), OutputRow.NO_TIMESTAMP);
    }

    private long version(ColumnCursor value) {
        if (!fractionalVersion) {
            return value.asLong();
        }
        long bits = Double.doubleToLongBits(value.asDouble() + 0.0);
        return bits ^ bits >> Long.SIZE - 1 & Long.MAX_VALUE;
    }

    private int source(RowCursor row) {
        ColumnCursor name = row.column(topic);
        if (name.isNull() || row.column(partition).isNull()) {
            return sources.number(NO_RECORD);
        }
        ColumnCursor id = topicId < 0 || row.column(topicId).isNull() ? null : row.column(topicId);
        if (!isSame(name, lastTopic) || !isSame(id, lastTopicId)) {
            lastTopic = copy(name);
            lastTopicId = id == null ? NO_ID : copy(id);
            numbers = new int[0];
        }
        return numberOf((int) row.column(partition).asLong());
    }

    private int numberOf(int number) {
        if (number >= numbers.length) {
            int known = numbers.length;
            numbers = Arrays.copyOf(numbers, Math.max(16, Math.max(number + 1, known * 2)));
            Arrays.fill(numbers, known, numbers.length, -1);
        }
        if (numbers[number] < 0) {
            numbers[number] = sources.number(new Source(text(lastTopic), text(lastTopicId), number));
        }
        return numbers[number];
    }

    private static long longOr(ColumnCursor value, long absent) {
        return value.isNull() ? absent : value.asLong();
    }

    private static boolean isSame(@Nullable ColumnCursor value, byte[] last) {
        return value == null
                ? last.length == 0
                : Arrays.equals(value.bytes(), value.start(), value.start() + value.length(), last, 0, last.length);
    }

    private static byte[] copy(ColumnCursor value) {
        return Arrays.copyOfRange(value.bytes(), value.start(), value.start() + value.length());
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
