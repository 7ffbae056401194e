package io.firn.deploy.quickstart;

import java.io.PrintWriter;
import java.nio.file.Path;

/** What the quickstart writes and prints: its configuration, and how to look at the result. */
final class Guide {
    private Guide() {}

    private static String catalogUri(Path directory) {
        return "jdbc:sqlite:file:" + directory.resolve("catalog.db") + "?journal_mode=WAL&busy_timeout=10000";
    }

    static String configuration(Path directory, String bootstrap) {
        return """
                # Written by firn quickstart at every start; the port is another one each time.
                kafka:
                  bootstrap.servers: '%s'
                catalog:
                  type: jdbc
                  uri: '%s'
                  jdbc.schema-version: V1
                  warehouse: '%s'
                pipelines:
                  orders:
                    topics: [orders]
                    table: shop.orders
                    schema: '%s'
                    partition-by: [day(placed_at)]
                    workers: 2
                    commit: {interval: 2s}
                """.formatted(bootstrap, catalogUri(directory), directory.resolve("warehouse"), SampleOrders.SCHEMA);
    }

    static void print(Path directory, Path file, String bootstrap, PrintWriter out) {
        out.print("""

                Where everything is
                  table          shop.orders, files below %1$s
                  catalog        SQLite, %2$s
                  configuration  %3$s
                  Kafka          %4$s, topic orders (while the quickstart runs; its log is in %5$s)

                Ask the table, with DuckDB
                  SELECT status, count(*), sum(amount) FROM read_parquet('%1$s/shop/orders/data/**/*.parquet')
                  GROUP BY status;

                with Trino: etc/catalog/firn.properties, and sqlite-jdbc in the plugin's folder; then
                SELECT * FROM firn.shop.orders
                  connector.name=iceberg
                  iceberg.catalog.type=jdbc
                  iceberg.jdbc-catalog.catalog-name=firn
                  iceberg.jdbc-catalog.driver-class=org.sqlite.JDBC
                  iceberg.jdbc-catalog.connection-url=%6$s
                  iceberg.jdbc-catalog.default-warehouse-dir=%1$s
                  fs.local.enabled=true
                  local.location=/

                with Spark: spark-sql --packages org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0,\
                org.xerial:sqlite-jdbc:3.54.1.0
                  --conf spark.sql.catalog.firn=org.apache.iceberg.spark.SparkCatalog
                  --conf spark.sql.catalog.firn.type=jdbc
                  --conf "spark.sql.catalog.firn.uri=%6$s"
                  --conf spark.sql.catalog.firn.warehouse=%1$s
                  then SELECT * FROM firn.shop.orders

                How far it is
                  firn ledger shop.orders --config %3$s

                """.formatted(
                        directory.resolve("warehouse"),
                        directory.resolve("catalog.db"),
                        file,
                        bootstrap,
                        directory.resolve("kafka"),
                        catalogUri(directory)));
        out.flush();
    }
}
