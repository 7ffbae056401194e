package io.firn.deploy.audit;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.compaction.fold.Candidate;
import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.fold.Sources;
import io.firn.compaction.fold.Sources.Source;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.data.Record;
import org.jspecify.annotations.Nullable;

/** Key and position of rows as Iceberg's generic readers give them. Keys are held as text, ready to be told. */
final class RowReader {
    private static final LocalDateTime EPOCH = LocalDateTime.ofEpochSecond(0, 0, ZoneOffset.UTC);

    private static final Source NO_RECORD = new Source("", "", -1);

    private final Sources sources;
    private final Map<Source, Source> identified;
    private final List<String> keyColumns;
    private final @Nullable String version;
    private final KeyBuffer key = new KeyBuffer();
    private final Candidate candidate = new Candidate();
    private Source source = NO_RECORD;

    /** @param identified partitions without a topic's ID, as rows of old tables name them, and those that are meant */
    RowReader(Sources sources, Map<Source, Source> identified, List<String> keyColumns, Optional<String> version) {
        this.identified = identified;
        this.sources = sources;
        this.keyColumns = keyColumns;
        this.version = version.orElse(null);
    }

    KeyBuffer key() {
        return key;
    }

    long hash() {
        return key.hash();
    }

    Candidate candidate() {
        return candidate;
    }

    /** The partition that the row came from; a negative one for a row that came from no record. */
    Source source() {
        return source;
    }

    /** Whether the row's key belongs to that part of all keys. Reads the key. */
    boolean isIn(Record row, int part, int parts) {
        readKey(row);
        return parts == 1 || Math.floorMod(key.hash() >>> 7, parts) == part;
    }

    boolean isMerged(Map<Source, OffsetRange> merged) {
        OffsetRange range = merged.get(source);
        return range != null && candidate.offset >= range.start() && candidate.offset < range.end();
    }

    void read(Record row, String timestamp) {
        readKey(row);
        position(row, timestamp);
    }

    void readKey(Record row) {
        StringBuilder text = new StringBuilder();
        for (String column : keyColumns) {
            text.append(text.isEmpty() ? "" : ", ").append(column).append('=').append(text(row.getField(column)));
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        key.set(bytes, 0, bytes.length);
    }

    void position(Record row, String timestamp) {
        Object from = row.getField(SourceColumns.TOPIC);
        Object number = row.getField(SourceColumns.PARTITION);
        Object offset = row.getField(SourceColumns.OFFSET);
        boolean isRecord = from != null && number != null && offset != null;
        boolean hasId = row.struct().field(UpsertColumns.TOPIC_ID) != null;
        Object id = hasId ? row.getField(UpsertColumns.TOPIC_ID) : null;
        Source told =
                isRecord ? new Source(from.toString(), id == null ? "" : id.toString(), (Integer) number) : NO_RECORD;
        source = identified.getOrDefault(told, told);
        candidate.source = sources.number(source);
        candidate.offset = isRecord ? (Long) offset : -1;
        Object time = row.getField(timestamp);
        candidate.timestamp = time == null ? Long.MIN_VALUE : number(time);
        candidate.inherited = false;
        candidate.deletes = false;
        candidate.pointer = 0;
        Object value = version == null ? null : row.getField(version);
        candidate.versionNull = value == null;
        candidate.version = value == null ? 0 : number(value);
    }

    private static String text(@Nullable Object value) {
        if (value instanceof ByteBuffer) {
            byte[] bytes = new byte[((ByteBuffer) value).remaining()];
            ((ByteBuffer) value).duplicate().get(bytes);
            return HexFormat.of().formatHex(bytes);
        }
        if (value instanceof byte[]) {
            return HexFormat.of().formatHex((byte[]) value);
        }
        if (value instanceof Float || value instanceof Double) {
            return Double.toString(((Number) value).doubleValue() + 0.0);
        }
        if (value instanceof BigDecimal) {
            return ((BigDecimal) value).stripTrailingZeros().toPlainString();
        }
        return String.valueOf(value);
    }

    /** A number in the value's own order. */
    private static long number(Object value) {
        if (value instanceof OffsetDateTime) {
            return nanos(((OffsetDateTime) value)
                    .withOffsetSameInstant(ZoneOffset.UTC)
                    .toLocalDateTime());
        }
        if (value instanceof LocalDateTime) {
            return nanos((LocalDateTime) value);
        }
        if (value instanceof LocalDate) {
            return ((LocalDate) value).toEpochDay();
        }
        if (value instanceof LocalTime) {
            return ((LocalTime) value).toNanoOfDay();
        }
        if (value instanceof BigDecimal) {
            return ((BigDecimal) value).unscaledValue().longValueExact();
        }
        if (value instanceof Float || value instanceof Double) {
            long bits = Double.doubleToLongBits(((Number) value).doubleValue() + 0.0);
            return bits ^ bits >> Long.SIZE - 1 & Long.MAX_VALUE;
        }
        return ((Number) value).longValue();
    }

    private static long nanos(LocalDateTime time) {
        return ChronoUnit.MICROS.between(EPOCH, time) * 1000 + time.getNano() % 1000;
    }

    String text() {
        return text(key);
    }

    static String text(KeyBuffer key) {
        return new String(key.bytes(), 0, key.length(), StandardCharsets.UTF_8);
    }

    String place() {
        return place(sources, candidate);
    }

    static String place(Sources sources, Candidate record) {
        Sources.Source source = sources.source(record.source);
        return source.partition() < 0
                ? "no record"
                : source.topic() + "-" + source.partition() + " offset " + record.offset;
    }
}
