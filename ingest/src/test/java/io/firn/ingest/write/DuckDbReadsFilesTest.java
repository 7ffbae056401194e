package io.firn.ingest.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.RowBatchWriter;
import io.firn.ingest.TestTable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DuckDbReadsFilesTest {
    private static final Schema ALL = new Schema(
            Types.NestedField.optional(1, "bool", Types.BooleanType.get()),
            Types.NestedField.optional(2, "int", Types.IntegerType.get()),
            Types.NestedField.optional(3, "long", Types.LongType.get()),
            Types.NestedField.optional(4, "float", Types.FloatType.get()),
            Types.NestedField.optional(5, "double", Types.DoubleType.get()),
            Types.NestedField.optional(6, "dec9", Types.DecimalType.of(9, 2)),
            Types.NestedField.optional(7, "dec18", Types.DecimalType.of(18, 4)),
            Types.NestedField.optional(8, "dec38", Types.DecimalType.of(38, 10)),
            Types.NestedField.optional(9, "day", Types.DateType.get()),
            Types.NestedField.optional(10, "clock", Types.TimeType.get()),
            Types.NestedField.optional(11, "instant", Types.TimestampType.withZone()),
            Types.NestedField.optional(12, "local", Types.TimestampType.withoutZone()),
            Types.NestedField.optional(13, "text", Types.StringType.get()),
            Types.NestedField.optional(14, "id", Types.UUIDType.get()),
            Types.NestedField.optional(15, "bytes", Types.BinaryType.get()),
            Types.NestedField.optional(16, "fix", Types.FixedType.ofLength(3)),
            Types.NestedField.optional(
                    17,
                    "items",
                    Types.ListType.ofOptional(
                            18,
                            Types.StructType.of(
                                    Types.NestedField.optional(19, "name", Types.StringType.get()),
                                    Types.NestedField.optional(
                                            20, "prices", Types.ListType.ofOptional(21, Types.LongType.get()))))),
            Types.NestedField.optional(
                    22, "tags", Types.MapType.ofOptional(23, 24, Types.StringType.get(), Types.IntegerType.get())));

    @Test
    void duckDbSeesAllValuesOfAllTypes(@TempDir Path folder) throws IOException, SQLException {
        TestTable table = TestTable.of(ALL);
        RowBatchWriter writer = table.writer();
        write(
                writer,
                "{\"bool\":true,\"int\":-2147483648,\"long\":9223372036854775807,\"float\":0.1,\"double\":1e300,"
                        + "\"dec9\":-1234567.89,\"dec18\":\"12345678901234.5678\","
                        + "\"dec38\":-1234567890123456789012345678.0123456789,\"day\":\"1969-12-31\","
                        + "\"clock\":\"23:59:59.999999\",\"instant\":\"2026-01-31T23:30:00.000001-01:00\","
                        + "\"local\":\"0001-01-01T00:00:00\",\"text\":\"gr\\u00fc\\u00dfe \\ud83d\\ude00 \\\"q\\\"\","
                        + "\"id\":\"F47AC10B-58cc-4372-a567-0e02b2c3d479\",\"bytes\":\"AP8=\",\"fix\":\"AQID\","
                        + "\"items\":[{\"name\":\"a\",\"prices\":[1,null,3]},null,{\"prices\":[]}],"
                        + "\"tags\":{\"x\":1,\"y\":null}}");
        write(writer, "{\"items\":[],\"tags\":{}}");
        write(writer, "{}");
        DataFile file = writer.seal().get(0);
        Path copy = folder.resolve("rows.parquet");
        try (InputStream in = table.table().io().newInputFile(file.location()).newStream()) {
            Files.copy(in, copy);
        }
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("set timezone = 'UTC'");
            assertThat(row(statement, copy, 0))
                    .isEqualTo(
                            "true|-2147483648|9223372036854775807|0.1|1e+300|-1234567.89|12345678901234.5678|"
                                    + "-1234567890123456789012345678.0123456789|1969-12-31|23:59:59.999999|"
                                    + "2026-02-01 00:30:00.000001+00|0001-01-01 00:00:00|grüße 😀 \"q\"|"
                                    + "f47ac10b-58cc-4372-a567-0e02b2c3d479|00FF|010203|"
                                    + "[{'name': a, 'prices': [1, NULL, 3]}, NULL, {'name': NULL, 'prices': []}]|{x=1, y=NULL}");
            assertThat(row(statement, copy, 1)).isEqualTo("null|".repeat(16) + "[]|{}");
            assertThat(row(statement, copy, 2)).isEqualTo("null|".repeat(17) + "null");
        }
    }

    private static String row(Statement statement, Path file, int index) throws SQLException {
        StringBuilder columns = new StringBuilder();
        for (Types.NestedField field : ALL.columns()) {
            String name = '"' + field.name() + '"';
            boolean binary = field.name().equals("bytes") || field.name().equals("fix");
            columns.append(columns.isEmpty() ? "" : ", ")
                    .append(binary ? "hex(" + name + ")" : "cast(" + name + " as varchar)");
        }
        String query = "select " + columns + " from read_parquet('" + file + "') limit 1 offset " + index;
        try (ResultSet rows = statement.executeQuery(query)) {
            assertThat(rows.next()).isTrue();
            StringBuilder text = new StringBuilder();
            for (int i = 1; i <= ALL.columns().size(); i++) {
                text.append(i > 1 ? "|" : "").append(rows.getString(i));
            }
            return text.toString();
        }
    }

    private static void write(RowBatchWriter writer, String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        writer.write(new SourcePartition("orders", "AAAAAAAAAAAAAAAAAAAAAA", 0), 0, 0, bytes, 0, bytes.length);
    }
}
