package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SchemaText;
import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.write.DataFileWriters;
import io.firn.ingest.write.WriteSettings;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;

/** Every row has an entry in every column, whatever its record lacks. */
class AbsentFieldsTest {
    /** Once, a counter of objects that had come round to its start took a field that never appeared for one seen. */
    @Test
    void aFieldThatNeverAppearsIsNullInEveryObject() {
        TestTable table = TestTable.of(SchemaText.parse("id long, l list<struct<a long, b long>>"));
        String[] records = new String[40];
        for (int i = 0; i < records.length; i++) {
            records[i] = "{\"id\":" + i + ",\"l\":[{\"a\":1},{\"a\":2},{\"a\":3}]}";
        }
        assertThat(table.roundTrip(records)).hasSize(40).allSatisfy(row -> assertThat((Iterable<?>) row.getField("l"))
                .hasSize(3)
                .allSatisfy(
                        element -> assertThat(((Record) element).getField("b")).isNull()));
    }

    @Test
    void aRowThatLacksAColumnIsNeitherPackedNorWritten() {
        Schema schema = new Schema(
                Types.NestedField.optional(1, "a", Types.LongType.get()),
                Types.NestedField.optional(2, "b", Types.LongType.get()));
        for (String packed : new String[] {"1048576", "1"}) {
            TestTable table = TestTable.of(
                    schema, PartitionSpec.unpartitioned(), Map.of(TableProperties.PARQUET_PAGE_SIZE_BYTES, packed));
            Row row = new Row(RowLayout.of(schema));
            DataFileWriters writers =
                    new DataFileWriters(table.table(), row, WriteSettings.defaults(UUID.randomUUID()));
            for (int i = 0; i < 3; i++) {
                fill(row, i, row.column(0), row.column(1));
                writers.write(10);
            }
            fill(row, 3, row.column(0));
            assertThatThrownBy(() -> writers.write(10))
                    .isInstanceOf(FirnException.class)
                    .hasMessageContaining("column b")
                    .hasMessageContaining("0 entries")
                    .hasMessageContaining("memory.shop.orders");
            writers.discard();
        }
    }

    private static void fill(Row row, long value, ColumnEntries... columns) {
        row.start(new byte[0]);
        for (ColumnEntries column : columns) {
            column.add(0, value);
        }
    }
}
