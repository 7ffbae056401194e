package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.commit.CommitTurn;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.backfill.BackfillFigures;
import io.firn.deploy.backfill.BackfillLoop;
import io.firn.deploy.backfill.BackfillParts;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.rig.Lake;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.TopicSelection;
import java.io.Closeable;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table property that should be the state of a backfill and is none: whoever can alter the table can write it. */
class UnreadableBackfillTest {
    private static final String PROPERTY = "firn.backfill.broken";

    @Test
    void aRunningServiceListsTheOtherBackfillsAndNamesTheProperty(@TempDir Path folder) throws Exception {
        try (ServedOrders orders = new ServedOrders(folder)) {
            Catalog catalog = Catalogs.open(Lake.sqlite(folder));
            alter(catalog.loadTable(TableIdentifier.of("shop", "orders")));
            ((Closeable) catalog).close();
            HttpResponse<String> all = get(orders, "/v1/backfills");
            assertThat(all.statusCode()).as(all.body()).isEqualTo(200);
            assertThat(all.body()).contains(orders.backfill(), PROPERTY, "\"table\":\"shop.orders\"");
            assertThat(get(orders, "/v1/backfills/" + orders.backfill()).statusCode())
                    .isEqualTo(200);
            HttpResponse<String> broken = get(orders, "/v1/backfills/broken");
            assertThat(broken.statusCode()).as(broken.body()).isEqualTo(404);
            assertThat(broken.body()).contains("backfill-unreadable");
        }
    }

    @Test
    void healthNamesThePropertyUntilItIsGone(@TempDir Path folder) throws Exception {
        Catalog catalog = Catalogs.open(Lake.sqlite(folder));
        TableIdentifier name = TableIdentifier.of("shop", "orders");
        alter(catalog.createTable(name, new Schema(Types.NestedField.optional(1, "id", Types.LongType.get()))));
        PipelineHealth health = new PipelineHealth(Clock.systemUTC());
        BackfillLoop loop = new BackfillLoop(
                Map.of("orders", PipelineConfig.defaults(TopicSelection.named(List.of("orders")), name.toString())),
                new TableOnly(catalog),
                states(health),
                new BackfillFigures(),
                Clock.systemUTC(),
                () -> new SplittableRandom(1));
        loop.turn();
        assertThat(health.troubles()).singleElement().satisfies(trouble -> {
            assertThat(trouble.reason()).contains(PROPERTY, "shop.orders", "remove");
            assertThat(trouble.level()).isEqualTo(PipelineHealth.Level.WARNING);
        });
        catalog.loadTable(name).updateProperties().remove(PROPERTY).commit();
        loop.turn();
        assertThat(health.troubles()).isEmpty();
        ((Closeable) catalog).close();
    }

    private static void alter(Table table) {
        table.updateProperties().set(PROPERTY, "{").commit();
    }

    private static PipelineStates states(PipelineHealth health) {
        return new PipelineStates() {
            @Override
            public boolean hasOpened(String pipeline) {
                return true;
            }

            @Override
            public PipelineHealth health(String pipeline) {
                return health;
            }
        };
    }

    private static HttpResponse<String> get(ServedOrders orders, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(orders.url() + path))
                                .header("Authorization", "Bearer " + ServedOrders.READER)
                                .build(),
                        BodyHandlers.ofString());
    }

    /** No backfill is worked on here. */
    private record TableOnly(Catalog catalog) implements BackfillParts {
        @Override
        public Table table(PipelineConfig pipeline) {
            return catalog.loadTable(TableIdentifier.parse(pipeline.ingestTable()));
        }

        @Override
        public CommitTurn turn(Table table) {
            throw new AssertionError("nothing is committed");
        }

        @Override
        public KafkaSources sources(String name, PipelineConfig pipeline) {
            throw new AssertionError("nothing is read");
        }

        @Override
        public BatchWriter writer(PipelineConfig pipeline, Table table) {
            throw new AssertionError("nothing is written");
        }
    }
}
