package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoundTripTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24})
    void icebergReadsBackWhatWasInTheRecords(long seed) {
        Random random = new Random(seed);
        RandomShapes shapes = new RandomShapes(random);
        Schema schema = shapes.schema();
        List<Record> expected = new ArrayList<>();
        TestTable table = TestTable.of(schema);
        RowBatchWriter writer = table.writer();
        for (int i = 0; i < 60; i++) {
            Record record = shapes.record(table.table().schema().asStruct());
            expected.add(record);
            TestTable.write(writer, i, shapes.json(record));
        }
        table.append(writer.seal().files());
        assertThat(table.rows()).as("schema " + schema).isEqualTo(expected);
    }

    /** Rows of partitioned tables are packed before they are written. */
    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46})
    void rowsOfPartitionsReadBackAsWell(long seed) {
        Random random = new Random(seed);
        RandomShapes shapes = new RandomShapes(random);
        List<Types.NestedField> fields = new ArrayList<>(shapes.schema().columns());
        fields.add(Types.NestedField.required(10_000, "number", Types.IntegerType.get()));
        Schema schema = new Schema(fields);
        List<Record> expected = new ArrayList<>();
        TestTable table = TestTable.of(
                schema, PartitionSpec.builderFor(schema).truncate("number", 20).build());
        RowBatchWriter writer = table.writer();
        for (int i = 0; i < 60; i++) {
            Record record = shapes.record(table.table().schema().asStruct());
            record.setField("number", i);
            expected.add(record);
            TestTable.write(writer, i, shapes.json(record));
        }
        table.append(writer.seal().files());
        List<Record> rows = new ArrayList<>(table.rows());
        rows.sort(Comparator.comparing(row -> (Integer) row.getField("number")));
        assertThat(rows).as("schema " + schema).isEqualTo(expected);
    }
}
