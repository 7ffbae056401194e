package io.firn.deploy.rig;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.jspecify.annotations.Nullable;

/** A catalog and the store of its files, with the servers that they need. Opened here without Firn's code. */
public final class Lake implements AutoCloseable {
    private final String name;
    private final Map<String, String> properties;
    private final List<AutoCloseable> servers;
    private @Nullable Catalog opened;

    private Lake(String name, Map<String, String> properties, List<AutoCloseable> servers) {
        this.name = name;
        this.properties = Collections.unmodifiableMap(new TreeMap<>(properties));
        this.servers = servers;
    }

    /** SQLite and a folder. */
    public static Lake local(Path directory) {
        return new Lake("local folder, SQLite catalog", sqlite(directory), List.of());
    }

    /** PostgreSQL and a folder. */
    public static Lake postgres(Path directory) {
        PostgresServer postgres = PostgresServer.start(directory.resolve("postgres"));
        Map<String, String> properties = new HashMap<>(postgres.catalogProperties());
        properties.put("warehouse", directory.resolve("warehouse").toString());
        return new Lake("local folder, PostgreSQL catalog", properties, List.of(postgres));
    }

    /** An S3 server behind a REST catalog, which keeps its own state in PostgreSQL where that runs. */
    public static Lake s3AndRest(Path directory, Path logs) {
        S3ProxyProcess s3 = S3ProxyProcess.start(directory.resolve("s3"), logs, "lake");
        List<AutoCloseable> servers = new ArrayList<>(List.of(s3));
        Map<String, String> backing = new HashMap<>(sqlite(directory));
        if (PostgresServer.missing().isEmpty()) {
            PostgresServer postgres = PostgresServer.start(directory.resolve("postgres"));
            servers.add(0, postgres);
            backing.putAll(postgres.catalogProperties());
        }
        backing.putAll(s3.catalogProperties());
        backing.put("warehouse", "s3://lake/warehouse");
        RestCatalogServer rest = RestCatalogServer.start(backing);
        servers.add(0, rest);
        return new Lake("S3 store, REST catalog", restProperties(rest, s3), servers);
    }

    /** The settings of a client of a REST catalog whose files are in an S3 server. */
    public static Map<String, String> restProperties(RestCatalogServer rest, S3ProxyProcess s3) {
        Map<String, String> properties = new HashMap<>(s3.catalogProperties());
        properties.put("type", "rest");
        properties.put("uri", rest.uri());
        properties.put("warehouse", "s3://lake/warehouse");
        return properties;
    }

    /** Servers that the caller owns. */
    public static Lake of(String name, Map<String, String> properties) {
        return new Lake(name, properties, List.of());
    }

    /** The settings of a catalog in a SQLite file with its files in a folder. */
    public static Map<String, String> sqlite(Path directory) {
        return Map.of(
                "type",
                "jdbc",
                "uri",
                "jdbc:sqlite:file:" + directory.resolve("catalog.db") + "?journal_mode=WAL&busy_timeout=10000",
                "jdbc.schema-version",
                "V1",
                "warehouse",
                directory.resolve("warehouse").toString());
    }

    /** A server that this lake has of its own. */
    public <T> Optional<T> server(Class<T> kind) {
        return servers.stream().filter(kind::isInstance).map(kind::cast).findFirst();
    }

    /** As in the configuration's {@code catalog} section. */
    public Map<String, String> properties() {
        return properties;
    }

    /** The table as it is now: nothing is cached. */
    public Table table(String table) {
        return asked(catalog -> catalog.loadTable(TableIdentifier.parse(table)));
    }

    /** Changes tables as another engine does, by the catalog itself. */
    public <T> T changed(Function<Catalog, T> change) {
        return asked(change);
    }

    public boolean hasTable(String table) {
        return asked(catalog -> catalog.tableExists(TableIdentifier.parse(table)));
    }

    /** Who was refused once opens the catalog anew: servers come and go here. */
    private <T> T asked(Function<Catalog, T> question) {
        Catalog catalog = open();
        try {
            return question.apply(catalog);
        } catch (NoSuchTableException noTable) {
            throw noTable;
        } catch (RuntimeException failed) {
            forget(catalog);
            throw failed;
        }
    }

    private synchronized Catalog open() {
        if (opened == null) {
            opened = CatalogUtil.buildIcebergCatalog("firn", properties, new Configuration());
        }
        return opened;
    }

    /** Not closed: tables that came from it may still be read. */
    private synchronized void forget(Catalog catalog) {
        if (catalog == opened) {
            opened = null;
        }
    }

    @Override
    public String toString() {
        return name;
    }

    @Override
    public void close() throws Exception {
        if (opened instanceof AutoCloseable) {
            ((AutoCloseable) opened).close();
        }
        for (AutoCloseable server : servers) {
            server.close();
        }
    }
}
