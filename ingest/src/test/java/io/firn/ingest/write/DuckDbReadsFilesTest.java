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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.types.Type;
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
        DataFile file = writer.seal().files().get(0);
        Path copy = folder.resolve("rows.parquet");
        try (InputStream in = table.table().io().newInputFile(file.location()).newStream()) {
            Files.copy(in, copy);
        }
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("set timezone = 'UTC'");
            assertThat(row(statement, copy, 0))
                    .isEqualTo("true|-2147483648|9223372036854775807|0.1|1e+300|-1234567.89|12345678901234.5678|"
                            + "-1234567890123456789012345678.0123456789|1969-12-31|23:59:59.999999|"
                            + "2026-02-01 00:30:00.000001+00|0001-01-01 00:00:00|grüße 😀 \"q\"|"
                            + "f47ac10b-58cc-4372-a567-0e02b2c3d479|00FF|010203|"
                            + "[{'name': a, 'prices': [1, NULL, 3]}, NULL, {'name': NULL, 'prices': []}]"
                            + "|{x=1, y=NULL}");
            assertThat(row(statement, copy, 1)).isEqualTo("null|".repeat(16) + "[]|{}");
            assertThat(row(statement, copy, 2)).isEqualTo("null|".repeat(17) + "null");
        }
    }

    /** Everything that a column can hold at its ends, and what is required beside what may be null. */
    private static final Schema ENDS = new Schema(
            Types.NestedField.required(1, "bool", Types.BooleanType.get()),
            Types.NestedField.required(2, "int", Types.IntegerType.get()),
            Types.NestedField.required(3, "long", Types.LongType.get()),
            Types.NestedField.required(4, "float", Types.FloatType.get()),
            Types.NestedField.required(5, "double", Types.DoubleType.get()),
            Types.NestedField.required(6, "dec1", Types.DecimalType.of(1, 1)),
            Types.NestedField.required(7, "dec9", Types.DecimalType.of(9, 0)),
            Types.NestedField.required(8, "dec18", Types.DecimalType.of(18, 18)),
            Types.NestedField.required(9, "dec19", Types.DecimalType.of(19, 0)),
            Types.NestedField.required(10, "dec38", Types.DecimalType.of(38, 0)),
            Types.NestedField.required(11, "day", Types.DateType.get()),
            Types.NestedField.required(12, "clock", Types.TimeType.get()),
            Types.NestedField.required(13, "instant", Types.TimestampType.withZone()),
            Types.NestedField.required(14, "local", Types.TimestampType.withoutZone()),
            Types.NestedField.required(15, "text", Types.StringType.get()),
            Types.NestedField.required(16, "id", Types.UUIDType.get()),
            Types.NestedField.required(17, "bytes", Types.BinaryType.get()),
            Types.NestedField.required(18, "fix", Types.FixedType.ofLength(1)));

    @Test
    void duckDbSeesTheEndsOfEveryType(@TempDir Path folder) throws IOException, SQLException {
        String nines = "9".repeat(38);
        List<String> rows = rows(
                folder,
                ENDS,
                "{\"bool\":false,\"int\":-2147483648,\"long\":-9223372036854775808,\"float\":-3.4028235e38,"
                        + "\"double\":-1.7976931348623157e308,\"dec1\":-0.9,\"dec9\":-999999999,"
                        + "\"dec18\":-0.999999999999999999,\"dec19\":-9999999999999999999,\"dec38\":-" + nines
                        + ",\"day\":\"0001-01-01\",\"clock\":\"00:00:00\",\"instant\":\"0001-01-01T00:00:00Z\","
                        + "\"local\":\"1969-12-31T23:59:59.999999\",\"text\":\"\","
                        + "\"id\":\"00000000-0000-0000-0000-000000000000\",\"bytes\":\"\",\"fix\":\"AA==\"}",
                "{\"bool\":true,\"int\":2147483647,\"long\":9223372036854775807,\"float\":1.4e-45,"
                        + "\"double\":4.9e-324,\"dec1\":0.9,\"dec9\":999999999,"
                        + "\"dec18\":0.999999999999999999,\"dec19\":9999999999999999999,\"dec38\":" + nines
                        + ",\"day\":\"9999-12-31\",\"clock\":\"23:59:59.999999\","
                        + "\"instant\":\"9999-12-31T23:59:59.999999Z\",\"local\":\"9999-12-31T23:59:59.999999\","
                        + "\"text\":\"\\u0001\\u007f\\uffff\\udbff\\udfff\","
                        + "\"id\":\"ffffffff-ffff-ffff-ffff-ffffffffffff\",\"bytes\":\"/w==\",\"fix\":\"/w==\"}");
        assertThat(rows)
                .containsExactly(
                        "false|-2147483648|-9223372036854775808|-3.4028235e+38|-1.7976931348623157e+308|-.9|-999999999|"
                                + "-.999999999999999999|-9999999999999999999|-" + nines
                                + "|0001-01-01|00:00:00|0001-01-01 00:00:00+00|1969-12-31 23:59:59.999999||"
                                + "00000000-0000-0000-0000-000000000000||00",
                        "true|2147483647|9223372036854775807|1e-45|5e-324|.9|999999999|"
                                + ".999999999999999999|9999999999999999999|" + nines
                                + "|9999-12-31|23:59:59.999999|9999-12-31 23:59:59.999999+00|"
                                + "9999-12-31 23:59:59.999999|\u0001\u007f\uffff\udbff\udfff|"
                                + "ffffffff-ffff-ffff-ffff-ffffffffffff|FF|FF");
    }

    private static final Schema DEEP = new Schema(
            Types.NestedField.optional(1, "nanos", Types.TimestampNanoType.withoutZone()),
            Types.NestedField.optional(2, "nanos_utc", Types.TimestampNanoType.withZone()),
            Types.NestedField.optional(
                    3,
                    "place",
                    Types.StructType.of(
                            Types.NestedField.required(4, "city", Types.StringType.get()),
                            Types.NestedField.optional(
                                    5,
                                    "at",
                                    Types.StructType.of(
                                            Types.NestedField.optional(6, "lat", Types.DecimalType.of(8, 5)),
                                            Types.NestedField.optional(7, "seen", Types.DateType.get()))))),
            Types.NestedField.optional(
                    8,
                    "by_name",
                    Types.MapType.ofOptional(
                            9,
                            10,
                            Types.StringType.get(),
                            Types.StructType.of(
                                    Types.NestedField.optional(
                                            11, "ids", Types.ListType.ofRequired(12, Types.UUIDType.get())),
                                    Types.NestedField.optional(13, "ok", Types.BooleanType.get())))),
            Types.NestedField.optional(
                    14, "grid", Types.ListType.ofOptional(15, Types.ListType.ofOptional(16, Types.DoubleType.get()))));

    /** DuckDB's time stamps with a zone end at microseconds; those without show that all nine digits are there. */
    @Test
    void duckDbSeesNanosecondsAndWhatIsNestedInWhat(@TempDir Path folder) throws IOException, SQLException {
        List<String> rows = rows(
                folder,
                DEEP,
                "{\"nanos\":\"2026-01-31T23:30:00.123456789\",\"nanos_utc\":\"1969-12-31T23:59:59.999999999-01:00\","
                        + "\"place\":{\"city\":\"Bern\",\"at\":{\"lat\":46.94797,\"seen\":\"2026-02-28\"}},"
                        + "\"by_name\":{\"a\":{\"ids\":[\"f47ac10b-58cc-4372-a567-0e02b2c3d479\"],\"ok\":true},"
                        + "\"b\":null,\"c\":{\"ids\":[],\"ok\":null}},\"grid\":[[1.5,null],[],null,[-0.25]]}",
                "{\"place\":{\"city\":\"\",\"at\":null},\"by_name\":{},\"grid\":[]}",
                "{\"nanos\":null,\"place\":null,\"by_name\":null,\"grid\":null}");
        assertThat(rows)
                .containsExactly(
                        "2026-01-31 23:30:00.123456789|1970-01-01 00:59:59.999999+00|"
                                + "{'city': Bern, 'at': {'lat': 46.94797, 'seen': 2026-02-28}}|"
                                + "{a={'ids': [f47ac10b-58cc-4372-a567-0e02b2c3d479], 'ok': true}, b=NULL,"
                                + " c={'ids': [], 'ok': NULL}}|[[1.5, NULL], [], NULL, [-0.25]]",
                        "null|null|{'city': '', 'at': NULL}|{}|[]",
                        "null|null|null|null|null");
    }

    /** Writes these records and has DuckDB read them. */
    private static List<String> rows(Path folder, Schema schema, String... records) throws IOException, SQLException {
        TestTable table =
                TestTable.of(schema, PartitionSpec.unpartitioned(), Map.of(TableProperties.FORMAT_VERSION, "3"));
        RowBatchWriter writer = table.writer();
        for (String record : records) {
            write(writer, record);
        }
        Path copy = folder.resolve("rows.parquet");
        try (InputStream in = table.table()
                .io()
                .newInputFile(writer.seal().files().get(0).location())
                .newStream()) {
            Files.copy(in, copy);
        }
        List<String> rows = new ArrayList<>();
        try (Connection duck = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duck.createStatement()) {
            statement.execute("set timezone = 'UTC'");
            for (int index = 0; index < records.length; index++) {
                rows.add(row(statement, schema, copy, index));
            }
        }
        return rows;
    }

    private static String row(Statement statement, Path file, int index) throws SQLException {
        return row(statement, ALL, file, index);
    }

    private static String row(Statement statement, Schema schema, Path file, int index) throws SQLException {
        StringBuilder columns = new StringBuilder();
        for (Types.NestedField field : schema.columns()) {
            String name = '"' + field.name() + '"';
            boolean binary =
                    field.type().typeId() == Type.TypeID.BINARY || field.type().typeId() == Type.TypeID.FIXED;
            columns.append(columns.isEmpty() ? "" : ", ")
                    .append(binary ? "hex(" + name + ")" : "cast(" + name + " as varchar)");
        }
        String query = "select " + columns + " from read_parquet('" + file + "') limit 1 offset " + index;
        try (ResultSet rows = statement.executeQuery(query)) {
            assertThat(rows.next()).isTrue();
            StringBuilder text = new StringBuilder();
            for (int i = 1; i <= schema.columns().size(); i++) {
                text.append(i > 1 ? "|" : "").append(rows.getString(i));
            }
            return text.toString();
        }
    }

    private static void write(RowBatchWriter writer, String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        writer.write(new SourcePartition("orders", "AAAAAAAAAAAAAAAAAAAAAA", 0), 0, 0, bytes, 0, bytes.length, null);
    }
}
