package io.firn.deploy.rig;

import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;

/**
 * The compose file's configurations of Firn and Trino, on the rig: the same files, other addresses in the environment.
 *
 * @param environment what the files name
 */
public record Composed(BrokerProcess broker, Lake lake, int port, Map<String, String> environment) {
    public static final Path FIRN = Path.of("compose/firn.yaml").toAbsolutePath();
    public static final Path TRINO = Path.of("compose/trino/lake.properties").toAbsolutePath();
    public static final String TOKEN = "compose-test-token";
    public static final String TOPIC = "orders";
    public static final int PARTITIONS = 4;

    private static final Duration MERGED = Eventually.PATIENCE;

    /** @param lake of {@link Lake#s3AndRest} */
    public static Composed on(BrokerProcess broker, Lake lake) {
        int port = OsProcess.freePort();
        Map<String, String> all = lake.properties();
        Map<String, String> environment = new TreeMap<>();
        environment.put("FIRN_KAFKA", broker.bootstrap());
        environment.put("FIRN_CATALOG", all.getOrDefault("uri", ""));
        environment.put("FIRN_WAREHOUSE", all.getOrDefault("warehouse", ""));
        environment.put("FIRN_S3", all.getOrDefault("s3.endpoint", ""));
        environment.put("FIRN_S3_REGION", all.getOrDefault("client.region", ""));
        environment.put("FIRN_S3_KEY", all.getOrDefault("s3.access-key-id", ""));
        environment.put("FIRN_S3_SECRET", all.getOrDefault("s3.secret-access-key", ""));
        environment.put("FIRN_LISTEN", "127.0.0.1:" + port);
        environment.put("FIRN_TOKEN", TOKEN);
        broker.createTopic(TOPIC, PARTITIONS, Map.of());
        return new Composed(broker, lake, port, environment);
    }

    /** Records that the topic holds. */
    public int sent() {
        return new TableVerifier(lake, "shop.orders", broker.bootstrap(), TOPIC, TOPIC)
                .kafkaOffsets().values().stream().mapToInt(BitSet::cardinality).sum();
    }

    /** Not started yet. */
    public FirnProcess service(Path logs) {
        return FirnProcess.of("compose", FIRN, logs, "-Xmx512m").with(environment);
    }

    /** Waits until the keyed table's ledger has reached the end of the topic. */
    public void awaitMerged(FirnProcess service) {
        awaitMerged(lake, TOPIC, service);
    }

    /** The same of another pipeline of the topic, in another lake. */
    public void awaitMerged(Lake where, String pipeline, FirnProcess service) {
        TableVerifier staging = new TableVerifier(where, "shop.orders_staging", broker.bootstrap(), pipeline, TOPIC);
        TableVerifier keyed = new TableVerifier(where, "shop.orders", broker.bootstrap(), pipeline, TOPIC);
        Eventually.holds(
                "everything is merged",
                MERGED,
                () -> staging.isDrained() && keyed.isDrained(),
                () -> staging.progress() + keyed.progress() + service.tail());
    }

    /** {@code firn audit}, run to its end. */
    public OsProcess audit(Path logs, String pipeline, Path config) {
        return FirnProcess.command(
                "audit-" + pipeline, logs, environment, "audit", pipeline, "--config", config.toString());
    }
}
