package io.firn.bench;

import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/** Flink SQL from a topic into an Iceberg table that is there, on a local mini cluster. */
public final class FlinkBench {
    private static final String FLAT = "seq BIGINT, order_id STRING, customer_id BIGINT, product STRING, quantity INT,"
            + " amount DECIMAL(10,2), placed_at TIMESTAMP_LTZ(6), weight DOUBLE, express BOOLEAN";
    private static final Map<String, String> SCHEMAS = Map.of(
            "flat",
            FLAT + ", country STRING",
            "nested",
            FLAT + ", customer ROW<name STRING, email STRING, address ROW<street STRING, city STRING, zip STRING,"
                    + " country STRING>>, lines ARRAY<ROW<sku STRING, title STRING, quantity INT,"
                    + " price DECIMAL(10,2)>>, attributes MAP<STRING, STRING>");

    private FlinkBench() {}

    /** {@code stream DIR BOOTSTRAP TOPIC SHAPE COMMIT-SECONDS CATALOG-URI}. */
    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[1]);
        Configuration configuration = new Configuration();
        configuration.setString("execution.checkpointing.interval", args[5] + "s");
        configuration.setString("execution.checkpointing.dir", dir.resolve("checkpoints").toUri().toString());
        configuration.setString("table.local-time-zone", "UTC");
        configuration.setString("parallelism.default", "2");
        configuration.setString("rest.bind-address", "127.0.0.1");
        configuration.setString("rest.port", "0");
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(2, configuration);
        StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
        tables.executeSql("CREATE TEMPORARY TABLE source (" + SCHEMAS.get(args[4]) + ") WITH ('connector' = 'kafka',"
                + " 'topic' = '" + args[3] + "', 'properties.bootstrap.servers' = '" + args[2] + "',"
                + " 'properties.group.id' = 'flink-" + dir.getFileName() + "', 'scan.startup.mode' = 'earliest-offset',"
                + " 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601')");
        tables.executeSql("CREATE CATALOG firn WITH ('type' = 'iceberg', 'catalog-impl' ="
                + " 'org.apache.iceberg.jdbc.JdbcCatalog', 'uri' = '" + args[6] + "', 'jdbc.schema-version' = 'V1',"
                + " 'warehouse' = '" + dir.resolve("warehouse") + "')");
        tables.executeSql("INSERT INTO firn.shop.orders SELECT * FROM source").await();
    }
}
