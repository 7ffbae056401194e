package io.firn.deploy.quickstart;

import java.io.PrintWriter;
import java.nio.file.Path;

/** What the quickstart writes and prints: its configuration, and how to look at the result. */
final class Guide {
    private Guide() {}

    private static String catalogUri(Path directory) {
        return "jdbc:sqlite:file:" + directory.resolve("catalog.db") + "?journal_mode=WAL&busy_timeout=10000";
    }

    /** With its scheme: Trino has no file system for locations without one. */
    private static String warehouseUri(Path directory) {
        return "file://" + directory.resolve("warehouse");
    }

    /** @param listen where its HTTP interface listens */
    static String configuration(Path directory, String bootstrap, String listen) {
        return """
                # Written by firn quickstart at every start; the port is another one each time.
                kafka:
                  bootstrap.servers: '%s'
                catalog:
                  type: jdbc
                  uri: '%s'
                  jdbc.schema-version: V1
                  warehouse: '%s'
                http:
                  listen: '%s'
                  iceberg-rest: true
                pipelines:
                  orders:
                    topics: [orders]
                    table: shop.orders
                    schema: '%s'
                    mode: upsert
                    key: [order_id]
                    workers: 2
                    commit: {interval: 2s}
                    merge: {interval: 5s, memory: 64MB}
                """.formatted(bootstrap, catalogUri(directory), warehouseUri(directory), listen, SampleOrders.SCHEMA);
    }

    /** @param service the address of its HTTP interface */
    static void print(Path directory, Path file, String bootstrap, String service, PrintWriter out) {
        out.print("""

                Where everything is
                  page           %7$s, in a browser, while it runs
                  tables         shop.orders: a row an order, as it was last heard of
                                 shop.orders_staging: a row a record, as it came
                                 shop.orders_latest: a view, shop.orders and what is staged and not merged yet
                                 shop.orders_deletes: the orders that were deleted, and where
                                 files below %1$s
                  catalog        SQLite, %2$s
                  the same       by Iceberg's REST protocol, %7$s/iceberg, for any engine, while it runs
                  status         %7$s/v1/status and %7$s/metrics, while it runs
                  configuration  %3$s
                  Kafka          %4$s, topic orders (while the quickstart runs; its log is in %5$s)

                Ask the staging table, with DuckDB (keyed rows need a reader that knows deletes: those below)
                  SELECT status, count(*) FROM read_parquet('%1$s/shop/orders_staging*/data/**/*.parquet')
                  GROUP BY status;

                with Trino: etc/catalog/firn.properties, and sqlite-jdbc in the plugin's folder; then
                SELECT status, count(*), sum(amount) FROM firn.shop.orders GROUP BY status
                SELECT * FROM firn.shop.orders_latest WHERE order_id = 'o-7'
                SELECT * FROM firn.shop.orders_staging WHERE order_id = 'o-7' ORDER BY _source_offset
                  connector.name=iceberg
                  iceberg.catalog.type=jdbc
                  iceberg.jdbc-catalog.catalog-name=firn
                  iceberg.jdbc-catalog.driver-class=org.sqlite.JDBC
                  iceberg.jdbc-catalog.connection-url=%6$s
                  iceberg.jdbc-catalog.default-warehouse-dir=%8$s
                  fs.local.enabled=true
                  local.location=/
                while the quickstart runs, or firn run --config %3$s, without the driver:
                  iceberg.catalog.type=rest
                  iceberg.rest-catalog.uri=%7$s/iceberg
                  in place of the lines of jdbc

                with Spark: spark-sql --packages org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0,\
                org.xerial:sqlite-jdbc:3.54.1.0
                  --conf spark.sql.catalog.firn=org.apache.iceberg.spark.SparkCatalog
                  --conf spark.sql.catalog.firn.type=jdbc
                  --conf "spark.sql.catalog.firn.uri=%6$s"
                  --conf spark.sql.catalog.firn.warehouse=%8$s
                  then the same queries

                How far it is
                  firn ledger shop.orders --config %3$s
                  firn compact shop.orders --config %3$s --job merge
                  firn audit orders --config %3$s

                """.formatted(
                        directory.resolve("warehouse"),
                        directory.resolve("catalog.db"),
                        file,
                        bootstrap,
                        directory.resolve("kafka"),
                        catalogUri(directory),
                        service,
                        warehouseUri(directory)));
        out.flush();
    }
}
