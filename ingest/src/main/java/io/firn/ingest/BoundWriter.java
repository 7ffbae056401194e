package io.firn.ingest;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.FileSchema;
import io.firn.catalog.schema.FileSchema.Values;
import io.firn.catalog.schema.TablePropertyRules;
import io.firn.catalog.schema.WritableSchema;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.JsonRowDecoder;
import io.firn.ingest.record.BatchWriter.Written;
import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.SourceColumnEntries;
import io.firn.ingest.write.DataFileWriters;
import io.firn.ingest.write.WriteSettings;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.Table;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/** Decoder and file writers of one version of a table. */
final class BoundWriter {
    /** Firn's own properties change with every commit and concern no writer. */
    private static final String FIRN_PREFIX = "firn.";

    private final Table table;
    private final Row row;
    private final JsonRowDecoder decoder;
    private final SourceColumnEntries sourceColumns;
    private final @Nullable ColumnEntries tombstone;
    private final DataFileWriters files;
    private long unknownFieldsSealed;

    /**
     * @param table never changes
     * @throws FirnException of kind user where JSON records cannot fill the table as configured, or one of
     *     the table's properties cannot be followed
     */
    BoundWriter(Table table, DecodeSettings decoding, WriteSettings writing) {
        TablePropertyRules.refusal(table, table.name()).ifPresent(refusal -> {
            throw refusal;
        });
        this.table = table;
        this.row = new Row(RowLayout.of(WritableSchema.of(table.schema(), table.spec(), table.name())));
        this.decoder = new JsonRowDecoder(row, decoding);
        boolean isStaging = decoder.nullValueIsTombstone();
        this.sourceColumns = isStaging ? SourceColumnEntries.ofStaging(row) : SourceColumnEntries.of(row);
        this.tombstone = isStaging ? tombstoneEntries(row) : null;
        this.files = new DataFileWriters(table, row, writing);
    }

    /** Whether a writer of that version would write the same files. */
    boolean fits(Table other) {
        return table == other
                || table.schema().asStruct().equals(other.schema().asStruct())
                        && table.spec().equals(other.spec())
                        && table.sortOrder().equals(other.sortOrder())
                        && table.location().equals(other.location())
                        && ofWriters(table.properties()).equals(ofWriters(other.properties()));
    }

    private static Map<String, String> ofWriters(Map<String, String> properties) {
        Map<String, String> others = new TreeMap<>(properties);
        others.keySet().removeIf(key -> key.startsWith(FIRN_PREFIX));
        return others;
    }

    Table table() {
        return table;
    }

    DataFileWriters files() {
        return files;
    }

    long unknownFields() {
        return decoder.unknownFields();
    }

    boolean sawQuotedKey() {
        return decoder.sawQuotedKey();
    }

    /** Returns what everything written since the last call was written for. */
    FileSchema sealSchema() {
        boolean isWhole = decoder.unknownFields() == unknownFieldsSealed;
        unknownFieldsSealed = decoder.unknownFields();
        return FileSchema.of(table, isWhole ? Values.BY_NAME : Values.BY_NAME_IN_PART);
    }

    Written write(
            SourcePartition partition,
            long offset,
            long timestampMillis,
            byte[] bytes,
            int start,
            int length,
            @Nullable ByteBuffer key) {
        if (length >= 0) {
            decoder.decode(bytes, start, length);
        } else if (tombstone != null) {
            decoder.decodeTombstone(key);
        } else if (decoder.nullValueIsRow()) {
            decoder.decodeNull();
        } else {
            return Written.NULL_VALUE_COUNTED;
        }
        sourceColumns.fill(row, partition, offset, timestampMillis);
        if (tombstone != null) {
            tombstone.add(0, length < 0 ? 1 : 0);
        }
        files.write(Math.max(length, 0));
        return Written.ROW;
    }

    private static ColumnEntries tombstoneEntries(Row row) {
        Types.NestedField field = row.layout().schema().asStruct().field(UpsertColumns.TOMBSTONE);
        if (field == null || field.type().typeId() != Type.TypeID.BOOLEAN) {
            throw FirnException.user(
                    "schema-mismatch",
                    "a staging table needs the boolean column " + UpsertColumns.TOMBSTONE,
                    UpsertColumns.TOMBSTONE,
                    "add it, or drop the staging table where nothing unmerged is in it");
        }
        return row.column(row.layout().column(field.fieldId()).index());
    }
}
