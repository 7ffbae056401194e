package io.firn.catalog;

import java.util.Map;

/**
 * How long a catalog may take for an answer. Iceberg's REST client and PostgreSQL's driver wait for ever, so that a
 * connection that was dropped on its way (by a gateway, or while the process was suspended) would hold up the commits
 * of a table without a word. A request that takes longer counts as unknown: the commit id tells what became of it.
 */
final class CatalogTimeouts {
    private static final String CONNECT_MILLIS = "10000";
    private static final String ANSWER_MILLIS = "60000";
    private static final String CONNECT_SECONDS = "10";
    private static final String ANSWER_SECONDS = "60";

    private CatalogTimeouts() {}

    /** Puts time-outs where the user has set none. */
    static void complete(String kind, Map<String, String> properties) {
        if (kind.equals("rest") || kind.endsWith(".RESTCatalog")) {
            properties.putIfAbsent("rest.client.connection-timeout-ms", CONNECT_MILLIS);
            properties.putIfAbsent("rest.client.socket-timeout-ms", ANSWER_MILLIS);
        }
        String uri = properties.getOrDefault("uri", "");
        if (uri.startsWith("jdbc:postgresql:")) {
            putUnlessIn(uri, properties, "connectTimeout", CONNECT_SECONDS);
            putUnlessIn(uri, properties, "socketTimeout", ANSWER_SECONDS);
            putUnlessIn(uri, properties, "tcpKeepAlive", "true");
        }
    }

    private static void putUnlessIn(String uri, Map<String, String> properties, String name, String value) {
        if (!uri.contains(name + "=")) {
            properties.putIfAbsent("jdbc." + name, value);
        }
    }
}
