package io.firn.bench;

import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.streaming.Trigger;

/**
 * Spark Structured Streaming from a topic into an Iceberg table that is there: what {@code deploy/bench/ingest} runs.
 */
public final class SparkStream {
    private static final String FLAT = "seq BIGINT, order_id STRING, customer_id BIGINT, product STRING, quantity INT,"
            + " amount DECIMAL(10,2), placed_at TIMESTAMP, weight DOUBLE, express BOOLEAN";
    private static final Map<String, String> SCHEMAS = Map.of(
            "flat",
            FLAT + ", country STRING",
            "nested",
            FLAT + ", customer STRUCT<name: STRING, email: STRING, address: STRUCT<street: STRING, city: STRING,"
                    + " zip: STRING, country: STRING>>, lines ARRAY<STRUCT<sku: STRING, title: STRING, quantity: INT,"
                    + " price: DECIMAL(10,2)>>, attributes MAP<STRING, STRING>");

    private SparkStream() {}

    /** {@code stream DIR BOOTSTRAP TOPIC SHAPE COMMIT-SECONDS CATALOG-URI}. */
    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[1]);
        SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.session.timeZone", "UTC")
                .config("spark.local.dir", dir.resolve("spark").toString())
                .config("spark.sql.catalog.firn", "org.apache.iceberg.spark.SparkCatalog")
                .config("spark.sql.catalog.firn.type", "jdbc")
                .config("spark.sql.catalog.firn.uri", args[6])
                .config("spark.sql.catalog.firn.jdbc.schema-version", "V1")
                .config("spark.sql.catalog.firn.warehouse", "file:" + dir.resolve("warehouse"))
                .getOrCreate();
        spark.sparkContext().setLogLevel("WARN");
        spark.readStream()
                .format("kafka")
                .option("kafka.bootstrap.servers", args[2])
                .option("subscribe", args[3])
                .option("startingOffsets", "earliest")
                .load()
                .select(functions.from_json(functions.col("value").cast("string"), SCHEMAS.get(args[4]), Map.of())
                        .as("r"))
                .select("r.*")
                .writeStream()
                .format("iceberg")
                .outputMode("append")
                .trigger(Trigger.ProcessingTime(Long.parseLong(args[5]) * 1000))
                // Columns of JSON may be null in Spark's eyes; seq never is.
                .option("check-nullability", "false")
                .option("checkpointLocation", dir.resolve("checkpoint").toString())
                .toTable("firn.shop.orders")
                .awaitTermination();
    }
}
