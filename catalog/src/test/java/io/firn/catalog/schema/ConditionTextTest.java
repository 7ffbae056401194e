package io.firn.catalog.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import java.math.BigDecimal;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.expressions.Evaluator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConditionTextTest {
    private static final Schema SCHEMA = SchemaText.parse("op string, version long, gone boolean, `odd name` int,"
            + " amount decimal(10,2), day date, address struct<city string>, tags list<string>");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "op = 'd'",
                "op in ('x', 'd')",
                "op <> 'c'",
                "op != 'c' and version >= 3",
                "version < 4 and (op = 'x' or gone = true)",
                "gone = TRUE",
                "`odd name` = -7",
                "amount = 12.50",
                "day = '2026-01-31'",
                "day > '2026-01-30' AND day IS NOT NULL",
                "op not in ('a', 'b')",
                "op = 'it''s' or op = 'd'",
                "address.city = 'Bern'",
            })
    void trueOfTheRow(String condition) {

        assertThat(holds(condition, row())).as(condition).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"op = 'c'", "version > 3", "op is null", "gone = false", "op not in ('d')", "op in ('a','b')"})
    void notTrueOfTheRow(String condition) {
        assertThat(holds(condition, row())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"op = 'd'", "op <> 'd'", "op not in ('d')", "op in ('d')", "version < 3", "op is not null"})
    void noComparisonWithNullIsTrue(String condition) {
        assertThat(holds(condition, GenericRecord.create(SCHEMA))).isFalse();
    }

    @Test
    void nullIsFoundByIsNull() {
        assertThat(holds("op is null", GenericRecord.create(SCHEMA))).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "opp = 'd'            | 1  | no column 'opp', did you mean 'op'?",
                "op 'd'               | 4  | expected a comparison after 'op'",
                "op = d               | 6  | expected a value of type string, found 'd'",
                "op = 'd              | 6  | does not end",
                "version = '3'        | 11 | cannot be compared with a text",
                "version = x          | 11 | expected a value of type long, found 'x'",
                "op = 'd' nor gone = true | 10 | expected 'and', 'or' or the end",
                "(op = 'd'            | 10 | expected ')'",
                "tags = 'a'           | 1  | is no single value",
                "day = 'tomorrow'     | 1  | ",
                "op is 'd'            | 7  | expected 'null'",
                "op in 'd'            | 7  | expected '('",
                "''                   | 1  | expected a column",
            })
    void saysWhatIsWrongAndWhere(String text, int position, String what) {
        assertThatThrownBy(() -> ConditionText.parse(SCHEMA, text.equals("''") ? "" : text))
                .isInstanceOfSatisfying(FirnException.class, e -> {
                    assertThat(e.code()).isEqualTo("condition-invalid");
                    assertThat(e.getMessage()).contains(what == null ? "" : what);
                    assertThat(e.where()).isEqualTo("condition, character " + position);
                });
    }

    private static boolean holds(String condition, GenericRecord row) {
        return new Evaluator(SCHEMA.asStruct(), ConditionText.parse(SCHEMA, condition)).eval(row);
    }

    private static GenericRecord row() {
        GenericRecord row = GenericRecord.create(SCHEMA);
        row.setField("op", "d");
        row.setField("version", 3L);
        row.setField("gone", true);
        row.setField("odd name", -7);
        row.setField("amount", new BigDecimal("12.50"));
        row.setField("day", 20484);
        GenericRecord address = GenericRecord.create(SCHEMA.findType("address").asStructType());
        address.setField("city", "Bern");
        row.setField("address", address);
        return row;
    }
}
