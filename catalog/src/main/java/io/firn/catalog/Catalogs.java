package io.firn.catalog;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.jdbc.UncheckedSQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens any Iceberg catalog from its properties. */
public final class Catalogs {
    private static final Logger LOG = LoggerFactory.getLogger(Catalogs.class);

    /** Iceberg's catalog name where the property {@code name} gives no other; JDBC catalogs keep it in every row. */
    public static final String DEFAULT_NAME = "firn";

    private static final List<String> TYPES = List.of("rest", "jdbc", "hive", "glue", "hadoop", "nessie");
    private static final String HADOOP_CATALOG = "org.apache.iceberg.hadoop.HadoopCatalog";

    /** Where a rename fails if its target is there; on anything else a hadoop catalog loses commits. */
    private static final Set<String> ATOMIC_RENAME = Set.of("hdfs", "viewfs", "file");

    /** One for each of two tables and a column that somebody else may be quicker to add, and one that succeeds. */
    private static final int MOST_ATTEMPTS = 4;

    /** The classes behind Iceberg's types. */
    private static final Map<String, String> IMPLEMENTATIONS = Map.of(
            CatalogUtil.ICEBERG_CATALOG_TYPE_HADOOP, CatalogUtil.ICEBERG_CATALOG_HADOOP,
            CatalogUtil.ICEBERG_CATALOG_TYPE_HIVE, CatalogUtil.ICEBERG_CATALOG_HIVE,
            CatalogUtil.ICEBERG_CATALOG_TYPE_REST, CatalogUtil.ICEBERG_CATALOG_REST,
            CatalogUtil.ICEBERG_CATALOG_TYPE_GLUE, CatalogUtil.ICEBERG_CATALOG_GLUE,
            CatalogUtil.ICEBERG_CATALOG_TYPE_NESSIE, CatalogUtil.ICEBERG_CATALOG_NESSIE,
            CatalogUtil.ICEBERG_CATALOG_TYPE_JDBC, CatalogUtil.ICEBERG_CATALOG_JDBC,
            CatalogUtil.ICEBERG_CATALOG_TYPE_BIGQUERY, CatalogUtil.ICEBERG_CATALOG_BIGQUERY);

    private Catalogs() {}

    /**
     * The caller closes it, where it is closeable.
     *
     * @param properties Iceberg's catalog properties with {@code type} or {@code catalog-impl}; {@code name} is Firn's
     * @throws FirnException {@code catalog-config}, {@code catalog-not-atomic}, {@code catalog-access-refused} or
     *     {@code catalog-unreachable}
     */
    @SuppressWarnings("IllegalCatch") // drivers and clients throw what they like
    public static Catalog open(Map<String, String> properties) {
        Map<String, String> all = new HashMap<>(properties);
        String name = all.getOrDefault("name", DEFAULT_NAME);
        String kind = kind(all);
        Configuration hadoop = Hadoop.configuration();
        if (kind.equals("hadoop") || kind.equals(HADOOP_CATALOG)) {
            requireAtomicRename(all.get(CatalogProperties.WAREHOUSE_LOCATION), hadoop);
        }
        if (kind.equals("jdbc") || kind.endsWith(".JdbcCatalog")) {
            all.put(CatalogProperties.URI, jdbcUri(all.get(CatalogProperties.URI)));
        }
        CatalogTimeouts.complete(kind, all);
        // A table of an engine that comes by Firn's REST endpoint never gets the location of another one either.
        all.putIfAbsent(CatalogProperties.UNIQUE_TABLE_LOCATION, "true");
        try {
            return built(name, all, hadoop);
        } catch (RuntimeException | LinkageError e) {
            throw CatalogFailures.translate(e, "the catalog cannot be opened", where(kind, all), properties);
        }
    }

    /**
     * As {@link #open}, but the catalog is opened by its first call; each call fails as {@link #open} would until it has
     * succeeded once. A service starts so while its catalog is away.
     *
     * @throws FirnException {@code catalog-config} if there is no such catalog
     */
    public static Catalog openLazily(Map<String, String> properties) {
        String kind = kind(new HashMap<>(properties));
        String implementation = IMPLEMENTATIONS.getOrDefault(kind, kind);
        try {
            Class<?> type = Class.forName(implementation, false, Catalogs.class.getClassLoader());
            return LazyCatalog.of(type, () -> open(properties));
        } catch (ClassNotFoundException | LinkageError e) {
            throw CatalogFailures.translate(
                    new IllegalArgumentException("there is no class " + implementation, e),
                    "the catalog cannot be opened",
                    where(kind, properties),
                    properties);
        }
    }

    /**
     * Of two processes that open a new database at once, both lay out Iceberg's tables there, step by step, and the
     * later one fails at any of the steps. What it failed to create is there then, so the next attempt gets further.
     */
    private static Catalog built(String name, Map<String, String> properties, Configuration hadoop) {
        for (int attempt = 1; ; attempt++) {
            try {
                return CatalogUtil.buildIcebergCatalog(name, properties, hadoop);
            } catch (UncheckedSQLException e) {
                if (attempt == MOST_ATTEMPTS || !CatalogFailures.isThereAlready(e)) {
                    throw e;
                }
                LOG.debug("the catalog's tables were laid out by another process meanwhile", e);
            }
        }
    }

    private static String kind(Map<String, String> properties) {
        String implementation = properties.get(CatalogProperties.CATALOG_IMPL);
        String type = properties.get(CatalogUtil.ICEBERG_CATALOG_TYPE);
        if (implementation != null && type != null) {
            throw config("both 'type' and 'catalog-impl' are set", "catalog", "keep one of them");
        }
        if (implementation != null) {
            return implementation;
        }
        if (type == null) {
            throw config("the catalog's type is missing", "catalog.type", "set it to one of " + TYPES);
        }
        String kind = type.toLowerCase(Locale.ROOT);
        if (!TYPES.contains(kind)) {
            throw config(
                    "there is no catalog type '" + type + "'",
                    "catalog.type",
                    "use one of " + TYPES + ", or catalog-impl for a class of your own");
        }
        return kind;
    }

    private static void requireAtomicRename(@Nullable String warehouse, Configuration hadoop) {
        if (warehouse == null) {
            throw config("a hadoop catalog needs a warehouse", "catalog.warehouse", "set it to a folder on HDFS");
        }
        String scheme = scheme(warehouse);
        if (scheme == null) {
            scheme = scheme(hadoop.get("fs.defaultFS", "file:///"));
        }
        if (scheme == null || !ATOMIC_RENAME.contains(scheme)) {
            throw FirnException.user(
                    "catalog-not-atomic",
                    "a hadoop catalog on an object store loses commits, because a rename is not atomic there",
                    "catalog.warehouse: " + warehouse,
                    "keep the warehouse and use type: jdbc (SQLite or PostgreSQL), rest, glue, nessie or hive");
        }
        if (scheme.equals("file")) {
            LOG.warn("A hadoop catalog on local files is safe for one process only: the rename of a local file "
                    + "overwrites. Use type: jdbc for more");
        }
    }

    private static @Nullable String scheme(String location) {
        int colon = location.indexOf(":/");
        return colon <= 0 ? null : location.substring(0, colon).toLowerCase(Locale.ROOT);
    }

    /** A SQLite database is locked by every writer for a moment; without a time-out the second one fails at once. */
    private static String jdbcUri(@Nullable String uri) {
        if (uri == null || uri.isBlank()) {
            throw config(
                    "a jdbc catalog needs a uri",
                    "catalog.uri",
                    "set it, as jdbc:sqlite:file:/path/catalog.db or jdbc:postgresql://host/database");
        }
        if (!uri.startsWith("jdbc:sqlite:") || uri.contains("busy_timeout")) {
            return uri;
        }
        return uri + (uri.contains("?") ? "&" : "?") + "busy_timeout=10000";
    }

    /** Without what follows a question mark and without user names: passwords live there. */
    private static String where(String kind, Map<String, String> properties) {
        String uri = properties.get(CatalogProperties.URI);
        if (uri == null) {
            return "catalog of type " + kind;
        }
        String address = uri.replaceFirst("[?;].*", "");
        return "catalog of type " + kind + " at " + address.replaceFirst("//[^/]*@", "//");
    }

    private static FirnException config(String what, String where, String action) {
        return FirnException.user("catalog-config", what, where, action);
    }
}
