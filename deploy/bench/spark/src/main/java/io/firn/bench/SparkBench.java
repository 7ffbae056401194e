package io.firn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Spark's way of what Firn's benches do, on the same tables: {@code merge DIR} is MERGE INTO from the staging table,
 * {@code rewrite DIR TARGET} is rewrite_data_files. Prints the process's peak RSS at the end.
 */
public final class SparkBench {
    private static final String LATEST = "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY"
            + " _source_timestamp DESC, _source_partition DESC, _source_offset DESC) AS nth"
            + " FROM firn.shop.orders_staging) WHERE nth = 1";
    private static final String[] COLUMNS = {
        "order_id", "customer", "amount", "status", "placed_at", "note",
        "_source_topic", "_source_partition", "_source_offset", "_source_timestamp", "_source_topic_id"
    };

    private SparkBench() {}

    public static void main(String[] args) throws IOException {
        try (SparkSession spark = args[1].startsWith("http") ? served(args[1]) : session(Path.of(args[1]))) {
            spark.sparkContext().setLogLevel("WARN");
            if (args[0].equals("merge")) {
                merge(spark, args[2]);
            } else if (args[0].equals("query")) {
                for (int i = 2; i < args.length; i++) {
                    System.out.println("query " + args[i]);
                    spark.sql(args[i]).collectAsList().forEach(row -> System.out.println("row\t" + row.mkString("\t")));
                }
            } else {
                rewrite(spark, Long.parseLong(args[2]));
            }
        }
        Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .forEach(line -> System.out.println(
                        "peak RSS " + Long.parseLong(line.replaceAll("\\D", "")) / 1024 + " MiB"));
    }

    /** A catalog by Iceberg's REST protocol; the token is in the environment. */
    private static SparkSession served(String uri) {
        return plain().config("spark.sql.catalog.firn.type", "rest")
                .config("spark.sql.catalog.firn.uri", uri)
                .config("spark.sql.catalog.firn.token", System.getenv("FIRN_TOKEN"))
                .getOrCreate();
    }

    private static SparkSession session(Path dir) {
        return plain().config("spark.local.dir", dir.resolve("spark").toString())
                .config("spark.sql.catalog.firn.type", "jdbc")
                .config("spark.sql.catalog.firn.uri", "jdbc:sqlite:file:" + dir.resolve("catalog.db"))
                .config("spark.sql.catalog.firn.jdbc.schema-version", "V1")
                .config("spark.sql.catalog.firn.warehouse", "file:" + dir.resolve("warehouse"))
                .getOrCreate();
    }

    private static SparkSession.Builder plain() {
        return SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.session.timeZone", "UTC")
                .config("spark.sql.shuffle.partitions", "16")
                .config(
                        "spark.sql.extensions",
                        "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
                .config("spark.sql.catalog.firn", "org.apache.iceberg.spark.SparkCatalog");
    }

    private static void merge(SparkSession spark, String mode) {
        spark.sql("ALTER TABLE firn.shop.orders SET TBLPROPERTIES ('write.merge.mode'='" + mode + "')");
        StringBuilder set = new StringBuilder();
        StringBuilder values = new StringBuilder();
        for (String column : COLUMNS) {
            set.append("t.").append(column).append(" = s.").append(column).append(", ");
            values.append("s.").append(column).append(", ");
        }
        spark.sql("MERGE INTO firn.shop.orders t USING (" + LATEST + ") s ON t.order_id = s.order_id"
                + " WHEN MATCHED AND s._source_tombstone THEN DELETE"
                + " WHEN MATCHED THEN UPDATE SET " + set + "t._order_timestamp = s._source_timestamp"
                + " WHEN NOT MATCHED AND NOT s._source_tombstone THEN INSERT (" + String.join(", ", COLUMNS)
                + ", _order_timestamp) VALUES (" + values + "s._source_timestamp)");
    }

    private static void rewrite(SparkSession spark, long target) {
        spark.sql("CALL firn.system.rewrite_data_files(table => 'shop.orders', options => map("
                        + "'target-file-size-bytes', '" + target + "', 'min-input-files', '2'))")
                .show();
    }
}
