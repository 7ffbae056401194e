package io.firn.deploy.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeTest {
    private static final int SAMPLE = 2_000;

    @ParameterizedTest
    @CsvSource({"FLAT, 224, 10", "NESTED, 892, 12"})
    void records_are_json_of_the_size_that_the_goals_were_measured_with(Shape shape, int bytes, int columns)
            throws Exception {
        StringBuilder scratch = new StringBuilder();
        ObjectMapper json = new ObjectMapper();
        Set<String> orders = new HashSet<>();
        long total = 0;
        for (long n = 0; n < SAMPLE; n++) {
            byte[] record = shape.record(scratch, n * 9_999);
            total += record.length;
            JsonNode fields = json.readTree(record);
            assertThat(fields.path("seq").asLong()).isEqualTo(n * 9_999);
            assertThat(fields.size())
                    .isEqualTo(columns)
                    .isEqualTo(shape.schema().columns().size());
            orders.add(fields.path("order_id").asText());
            assertThat(shape.record(scratch, n * 9_999)).isEqualTo(record);
        }
        assertThat(orders).hasSize(SAMPLE);
        assertThat((double) total / SAMPLE).isBetween(bytes * 0.98, bytes * 1.02);
    }
}
