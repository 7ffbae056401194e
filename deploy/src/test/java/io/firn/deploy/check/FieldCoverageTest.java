package io.firn.deploy.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FieldCoverageTest {
    private static FieldCoverage of(String schema, String... records) {
        FieldCoverage coverage = new FieldCoverage(SourceColumns.appendTo(SchemaText.parse(schema)));
        for (String record : records) {
            byte[] bytes = ("##" + record).getBytes(StandardCharsets.UTF_8);
            coverage.add(bytes, 2, bytes.length - 2);
        }
        return coverage;
    }

    @Test
    void fieldsWithoutAColumnAreCountedByRecord() {
        FieldCoverage coverage = of(
                "id long, lines list<struct<sku string>>, tags map<string, struct<a int>>",
                "{\"id\":1,\"lines\":[{\"sku\":\"a\",\"n\":1},{\"n\":2}],\"extra\":{\"deep\":1}}",
                "{\"id\":2,\"extra\":null,\"tags\":{\"x\":{\"a\":1,\"b\":2}}}");
        assertThat(coverage.unmatched())
                .hasSize(3)
                .containsEntry("extra", 2L)
                .containsEntry("lines.n", 1L)
                .containsEntry("tags.b", 1L);
        assertThat(coverage.absent()).isEmpty();
        assertThat(coverage.matchesNothing()).isFalse();
    }

    @Test
    void columnsThatNoRecordHasAreNamedOnceAtTheTop() {
        FieldCoverage coverage = of(
                "id long, name string, address struct<city string, zip string>, place struct<x int, y int>",
                "{\"id\":1,\"address\":{\"city\":null}}");
        assertThat(coverage.absent()).containsExactly("name", "address.zip", "place");
    }

    @Test
    void nothingIsSaidOfWhatIsInEmptyLists() {
        assertThat(of("lines list<struct<sku string>>", "{\"lines\":[]}").absent())
                .isEmpty();
    }

    @Test
    void recordsThatAreNoObjectsSayNothing() {
        FieldCoverage coverage = of("id long", "7", "not json", "");
        assertThat(coverage.absent()).isEmpty();
        assertThat(coverage.matchesNothing()).isFalse();
        assertThat(of("id long", "{\"ID\":1}").matchesNothing()).isTrue();
    }
}
