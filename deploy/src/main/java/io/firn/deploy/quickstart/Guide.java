package io.firn.deploy.quickstart;

import java.io.PrintWriter;
import java.nio.file.Path;

/**
 * What the quickstart writes and prints: its configuration, and how to look at the result.
 *
 * @param directory of the quickstart
 * @param bootstrap of its broker
 * @param secrets that callers present
 */
record Guide(Path directory, String bootstrap, Secrets secrets) {
    private static String catalogUri(Path directory) {
        return "jdbc:sqlite:file:" + directory.resolve("catalog.db") + "?journal_mode=WAL&busy_timeout=10000";
    }

    /** With its scheme: Trino has no file system for locations without one. */
    private static String warehouseUri(Path directory) {
        return "file://" + directory.resolve("warehouse");
    }

    /** @param listen where its HTTP interface listens */
    String configuration(String listen) {
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
                  token: '${file:%s}'
                  writers: {engine: '${file:%s}'}
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
                """.formatted(
                        bootstrap,
                        catalogUri(directory),
                        warehouseUri(directory),
                        listen,
                        secrets.operator(),
                        secrets.writer(),
                        SampleOrders.SCHEMA);
    }

    /** @param service the address of its HTTP interface */
    void print(Path file, String service, PrintWriter out) {
        out.print("""

                Where everything is
                  page           %7$s, in a browser, while it runs; it asks for a token:
                  tokens         %9$s for the page and the commands,
                                 %10$s for query engines
                  tables         shop.orders: a row an order, as it was last heard of
                                 shop.orders_staging: a row a record, as it came
                                 shop.orders_latest: a view, shop.orders and what is staged and not merged yet
                                 shop.orders_deletes: the orders that were deleted, and where
                                 files below %1$s
                  catalog        SQLite, %2$s
                  the same       by Iceberg's REST protocol, %7$s/iceberg, for any engine, while it runs
                  status         %7$s/v1/status and %7$s/metrics, while it runs, with a token
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
                  iceberg.rest-catalog.security=OAUTH2
                  iceberg.rest-catalog.oauth2.token=${ENV:FIRN_WRITER_TOKEN}
                  in place of the lines of jdbc, and start Trino with FIRN_WRITER_TOKEN="$(cat %10$s)"

                with PyIceberg, while the quickstart runs
                  from pyiceberg.catalog import load_catalog
                  catalog = load_catalog("firn", uri="%7$s/iceberg", token=open("%10$s").read().strip())
                  catalog.load_table("shop.orders_staging").scan(limit=10).to_arrow()

                with curl, while the quickstart runs
                  curl -H "Authorization: Bearer $(cat %10$s)" %7$s/iceberg/v1/namespaces/shop/tables
                  curl -H "Authorization: Bearer $(cat %9$s)" %7$s/v1/status

                with Spark: spark-sql --packages org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0,\
                org.xerial:sqlite-jdbc:3.54.1.0
                  --conf spark.sql.catalog.firn=org.apache.iceberg.spark.SparkCatalog
                  --conf spark.sql.catalog.firn.type=jdbc
                  --conf "spark.sql.catalog.firn.uri=%6$s"
                  --conf spark.sql.catalog.firn.warehouse=%8$s
                  then the same queries

                How far it is
                  firn status --url %7$s --token-file %9$s
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
                        warehouseUri(directory),
                        secrets.operator(),
                        secrets.writer()));
        out.flush();
    }
}
