package io.firn.deploy.rig;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A service on a SQLite catalog and a folder, which serves its catalog by Iceberg's REST protocol; its pipeline reads
 * the topic of {@link Composed} as well and writes what that one does.
 *
 * @param port of its HTTP interface
 */
public record LocalFirn(Lake lake, Path config, int port) {
    public static final String PIPELINE = "locals";

    /** The token is in the environment of {@link Composed}. */
    public static LocalFirn in(Path directory) throws IOException {
        int port = OsProcess.freePort();
        Map<String, String> properties = new TreeMap<>(Lake.sqlite(directory));
        // Trino has no file system for locations without a scheme.
        properties.put("warehouse", directory.resolve("warehouse").toUri().toString());
        StringBuilder catalog = new StringBuilder("catalog:\n");
        properties.forEach((key, value) -> catalog.append("  " + key + ": \"" + value + "\"\n"));
        String yaml = Files.readString(Composed.FIRN)
                .replaceFirst("(?s)catalog:.*?\nhttp:", catalog + "http:")
                .replace("${env:FIRN_LISTEN}", "127.0.0.1:" + port)
                .replace("view-catalog: lake", "view-catalog: firn")
                .replace("\n  orders:\n", "\n  " + PIPELINE + ":\n");
        Path config = Files.writeString(directory.resolve("firn.yaml"), yaml);
        return new LocalFirn(Lake.of("local folder, SQLite catalog", properties), config, port);
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + port + "/iceberg");
    }

    /** Not started yet. */
    public FirnProcess service(Path logs, Composed composed) {
        return FirnProcess.of("local", config, logs, "-Xmx512m").with(composed.environment());
    }

    /** Trino's catalog file: what the README and the quickstart print. */
    public String trino() {
        return Map.of(
                        "connector.name", "iceberg",
                        "iceberg.catalog.type", "rest",
                        "iceberg.rest-catalog.uri", endpoint().toString(),
                        "iceberg.rest-catalog.security", "OAUTH2",
                        "iceberg.rest-catalog.oauth2.token", "${ENV:FIRN_TOKEN}",
                        "fs.local.enabled", "true",
                        "local.location", "/")
                .entrySet()
                .stream()
                .map(line -> line.getKey() + "=" + line.getValue() + "\n")
                .reduce("", String::concat);
    }
}
