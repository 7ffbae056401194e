package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.schema.SchemaText;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.PipelineHealth.Level;
import io.firn.ingest.write.WriteSettings;
import java.util.UUID;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;

class ConfiguredColumnsTest {
    private static final String RENAMED = "column 'b' was renamed to 'c'";

    private final TestTable orders = TestTable.of(SchemaText.parse("a int, b string"));
    private final PipelineHealth health = PipelineHealth.unwatched();
    private final RowBatchWriter writer = RowBatchWriter.following(
            orders::reopened,
            DecodeSettings.defaults(),
            () -> WriteSettings.defaults(UUID.randomUUID()),
            new ConfiguredColumns("orders", SchemaText.parse("a int, b string"), health));

    @Test
    void renamedColumnIsReportedWhenRecordsHaveFieldsWithoutAColumn() {
        orders.reopened().updateSchema().renameColumn("b", "c").commit();
        write("{\"a\":1}");
        assertThat(health.troubles()).as("no record has the field").isEmpty();
        write("{\"a\":1,\"b\":\"one\"}");

        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.component()).isEqualTo("schema");
            assertThat(trouble.level()).isEqualTo(Level.WARNING);
            assertThat(trouble.reason()).contains(RENAMED);
        });
    }

    @Test
    void droppedColumnIsReportedUntilTheTableHasItAgain() {
        orders.reopened().updateSchema().deleteColumn("b").commit();
        write("{\"a\":1,\"b\":\"one\"}");
        assertThat(health.troubles()).singleElement().satisfies(trouble -> assertThat(trouble.reason())
                .contains("column 'b' was dropped"));
        orders.reopened().updateSchema().addColumn("b", Types.StringType.get()).commit();
        write("{\"a\":1,\"b\":\"one\"}");

        assertThat(health.troubles()).isEmpty();
    }

    @Test
    void fieldsThatWereNeverConfiguredAreNoTrouble() {
        write("{\"a\":1,\"z\":\"one\"}");

        assertThat(health.troubles()).isEmpty();
    }

    private void write(String json) {
        TestTable.write(writer, 0, json);
        var unused = writer.seal();
    }
}
