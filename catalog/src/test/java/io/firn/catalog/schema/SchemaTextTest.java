package io.firn.catalog.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SchemaTextTest {
    @Test
    void columnsHaveTheirTypesAndMayBeNullUnlessTheySayNotNull() {
        Schema schema = SchemaText.parse("order_id string not null, amount decimal(10, 2),\n placed_at timestamptz, "
                + "address struct<street string, geo: struct<lat double not null>>, tags list<string>, "
                + "attrs map<string, long>, `odd name` fixed[16]");

        assertThat(schema.findField("order_id").isRequired()).isTrue();
        assertThat(schema.findField("amount").isOptional()).isTrue();
        assertThat(schema.findType("amount")).isEqualTo(Types.DecimalType.of(10, 2));
        assertThat(schema.findType("placed_at")).isEqualTo(Types.TimestampType.withZone());
        assertThat(schema.findField("address.geo.lat").isRequired()).isTrue();
        assertThat(schema.findType("tags.element")).isEqualTo(Types.StringType.get());
        assertThat(schema.findType("attrs.value")).isEqualTo(Types.LongType.get());
        assertThat(schema.findType("odd name")).isEqualTo(Types.FixedType.ofLength(16));
        assertThat(TypeUtil.indexById(schema.asStruct())).hasSize(13);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "boolean",
                "int",
                "long",
                "float",
                "double",
                "decimal(38,38)",
                "date",
                "time",
                "timestamp",
                "timestamptz",
                "timestamp_ns",
                "timestamptz_ns",
                "string",
                "uuid",
                "binary",
                "fixed[3]",
                "struct<a int, b string not null>",
                "list<list<int>>",
                "map<string, map<int, date>>"
            })
    void aTypeIsWrittenAsItIsRead(String type) {
        assertThat(SchemaText.of(SchemaText.parse("c " + type).findType("c"))).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a strng                 | character 3  | did you mean 'string'",
                "a bigint                | character 3  | did you mean 'long'",
                "a int, b                | character 9  | expected a type, found the end",
                "a int b long            | character 7  | expected ',' or the end",
                "a int, A long           | character 8  | 'A' is there twice",
                "a decimal(39,0)         | character 3  | from 1 to 38",
                "a decimal(10 2)         | character 14 | expected ','",
                "a decimal(x, 2)         | character 11 | expected a number",
                "a list<int              | character 11 | expected '>', found the end",
                "a struct<>              | character 10 | expected a column name",
                "a int not               | character 7  | expected 'not null'",
                "a fixed[0]              | character 9  | at least 1",
                "`a int                  | character 1  | does not end"
            })
    void whatIsWrongIsSaidWithItsPosition(String text, String position, String what) {
        assertThatThrownBy(() -> SchemaText.parse(text))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("schema-invalid"))
                .hasMessageContaining(position)
                .hasMessageContaining(what);
    }

    @Test
    void namesWithBlanksGoBetweenQuotes() {
        Schema schema = SchemaText.parse("\"US Gross\" decimal(9,2), `per cent` struct<\"a b\" int>, plain int");
        assertThat(schema.columns()).extracting(NestedField::name).containsExactly("US Gross", "per cent", "plain");
        assertThat(SchemaText.of(schema.findType("per cent"))).isEqualTo("struct<`a b` int>");
        PartitionSpec spec = PartitionText.parse(
                schema, java.util.List.of("\"US Gross\"", "bucket(4, `US Gross`)", "truncate(2, plain)"));
        assertThat(spec.fields()).hasSize(3);
        assertThat(ConditionText.parse(schema, "\"US Gross\" > 3 and `US Gross` < 9"))
                .isNotNull();
    }

    @Test
    void unknownTypeIsToldWithAllTypes() {
        assertThatThrownBy(() -> SchemaText.parse("US Gross decimal(9,2)"))
                .isInstanceOfSatisfying(FirnException.class, refusal -> {
                    assertThat(refusal.what()).startsWith("there is no type 'Gross'");
                    assertThat(refusal.action())
                            .contains("boolean", "timestamptz_ns", "decimal(P, S)", "map<K, V>")
                            .contains("a name with blanks goes between double quotes");
                });
    }

    @Test
    void partitionFieldsAreReadAsIcebergNamesThem() {
        Schema schema = SchemaText.parse("id long, name string, at timestamptz");
        PartitionSpec spec = PartitionText.parse(
                schema, java.util.List.of("day(at)", "bucket(16, id)", "truncate(4,name)", "name", "void( id )"));

        assertThat(spec.fields().stream().map(field -> field.name() + " " + field.transform()))
                .containsExactly(
                        "at_day day",
                        "id_bucket bucket[16]",
                        "name_trunc truncate[4]",
                        "name identity",
                        "id_null void");
        assertThat(PartitionText.parse(schema, java.util.List.of()).isUnpartitioned())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "days(at)       | did you mean 'day'",
                "bucket(id)     | bucket takes a number first",
                "day(4, at)     | takes a column alone",
                "day(nope)      | no column 'nope'",
                "hour(name)     | name",
                "day(at         | no partition field",
                "bucket(0, id)  | bucket"
            })
    void wrongPartitionFieldsAreNamed(String text, String what) {
        Schema schema = SchemaText.parse("id long, name string, at timestamptz");

        assertThatThrownBy(() -> PartitionText.parse(schema, java.util.List.of(text)))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("partition-invalid"))
                .hasMessageContaining(what)
                .hasMessageContaining(text);
    }

    @Test
    void sourceColumnsComeLastAndOnlyOnce() {
        Schema schema = SourceColumns.appendTo(SchemaText.parse("id long"));

        assertThat(schema.columns())
                .extracting(NestedField::name)
                .containsExactly("id", "_source_topic", "_source_partition", "_source_offset", "_source_timestamp");
        assertThat(SourceColumns.appendTo(schema).columns()).isEqualTo(schema.columns());
    }
}
