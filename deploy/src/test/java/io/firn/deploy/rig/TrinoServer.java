package io.firn.deploy.rig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Trino on one node, as a process, with Iceberg catalogs. Its jars are fetched by Maven when they are first wanted
 * ({@code deploy/trino/pom.xml}); it needs a JDK 25, found by {@code -Dfirn.trino.java=PATH} or where Linux has JDKs.
 */
public final class TrinoServer implements AutoCloseable {
    /** What the server gives to its plugins. */
    private static final List<String> PROVIDED = List.of(
            "trino-spi-",
            "slice-",
            "jackson-annotations-",
            "opentelemetry-api-1",
            "opentelemetry-context-",
            "opentelemetry-common-",
            "jol-core-");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final OsProcess process;
    private final URI uri;
    private final HttpClient http = HttpClient.newHttpClient();

    private TrinoServer(OsProcess process, int port) {
        this.process = process;
        this.uri = URI.create("http://127.0.0.1:" + port);
    }

    /**
     * @param directory for its data and settings
     * @param catalogs by name, their properties as Trino names them
     */
    public static TrinoServer start(Path directory, Path logs, Map<String, Map<String, String>> catalogs) {
        Map<String, String> files = new TreeMap<>();
        catalogs.forEach((name, properties) -> {
            StringBuilder lines = new StringBuilder("connector.name=iceberg\n");
            new TreeMap<>(properties)
                    .forEach((key, value) ->
                            lines.append(key).append('=').append(value).append('\n'));
            files.put(name, lines.toString());
        });
        return start(directory, logs, files, Map.of());
    }

    /**
     * @param files by catalog, what its file holds
     * @param environment that the files may name
     */
    public static TrinoServer start(
            Path directory, Path logs, Map<String, String> files, Map<String, String> environment) {
        int port = OsProcess.freePort();
        try {
            Path plugin = Files.createDirectories(directory.resolve("plugin/iceberg"));
            for (String jar : classPath("plugin", logs).split(":")) {
                Path file = Path.of(jar);
                String name = file.getFileName().toString();
                if (PROVIDED.stream().noneMatch(name::startsWith)) {
                    Files.createSymbolicLink(plugin.resolve(name), file);
                }
            }
            Path services = Files.createDirectories(directory.resolve("service/META-INF/services"));
            Files.writeString(services.resolve("io.trino.spi.Plugin"), "io.trino.plugin.iceberg.IcebergPlugin\n");
            pack(directory.resolve("service"), plugin.resolve("service.jar"));
            Path etc = Files.createDirectories(directory.resolve("etc"));
            Files.writeString(etc.resolve("config.properties"), """
                    coordinator=true
                    node-scheduler.include-coordinator=true
                    http-server.http.port=%d
                    discovery.uri=http://127.0.0.1:%d
                    plugin.dir=%s
                    query.max-memory=400MB
                    query.max-memory-per-node=300MB
                    catalog.management=static
                    http-server.log.enabled=false
                    """.formatted(port, port, directory.resolve("plugin")));
            for (Map.Entry<String, String> catalog : files.entrySet()) {
                Path folder = Files.createDirectories(etc.resolve("catalog"));
                Files.writeString(folder.resolve(catalog.getKey() + ".properties"), catalog.getValue());
            }
            Path main = directory.resolve("StartTrino.java");
            Files.writeString(main, """
                    public class StartTrino {
                        public static void main(String[] arguments) {
                            new io.trino.server.Server().start("483");
                        }
                    }
                    """);
            TrinoServer server = new TrinoServer(launch(directory, logs, main, environment), port);
            server.awaitStart();
            return server;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** An Iceberg catalog of Trino's on a REST catalog and an S3 server. */
    public static Map<String, String> restAndS3(Map<String, String> lake) {
        return Map.of(
                "iceberg.catalog.type", "rest",
                "iceberg.rest-catalog.uri", value(lake, "uri"),
                "iceberg.rest-catalog.warehouse", value(lake, "warehouse"),
                "fs.s3.enabled", "true",
                "s3.endpoint", value(lake, "s3.endpoint"),
                "s3.region", value(lake, "client.region"),
                "s3.path-style-access", "true",
                "s3.aws-access-key", value(lake, "s3.access-key-id"),
                "s3.aws-secret-key", value(lake, "s3.secret-access-key"));
    }

    private static String value(Map<String, String> properties, String key) {
        String value = properties.get(key);
        if (value == null) {
            throw new IllegalArgumentException("the lake has no " + key);
        }
        return value;
    }

    /** Runs a statement to its end; each row is a list of values as JSON has them. */
    public List<List<String>> query(String sql) {
        return query(sql, "");
    }

    /** @param session properties as {@code catalog.name=value} */
    public List<List<String>> query(String sql, String session) {
        List<List<String>> rows = new ArrayList<>();
        JsonNode answer = send(HttpRequest.newBuilder(uri.resolve("/v1/statement"))
                .header("X-Trino-Session", session)
                .POST(HttpRequest.BodyPublishers.ofString(sql)));
        while (true) {
            if (answer.has("error")) {
                throw new AssertionError(
                        sql + "\n" + answer.get("error").get("message").asText() + "\n" + answer.get("error"));
            }
            for (JsonNode row : answer.path("data")) {
                List<String> values = new ArrayList<>();
                row.forEach(value -> values.add(value.asText()));
                rows.add(values);
            }
            if (!answer.has("nextUri")) {
                return rows;
            }
            answer =
                    send(HttpRequest.newBuilder(URI.create(answer.get("nextUri").asText()))
                            .GET());
        }
    }

    private JsonNode send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response = http.send(
                    request.header("X-Trino-User", "rig")
                            .timeout(Duration.ofMinutes(2))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException("HTTP " + response.statusCode() + ": " + response.body());
            }
            return JSON.readTree(response.body());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    private void awaitStart() {
        Eventually.holds(
                "Trino answers",
                Duration.ofMinutes(4),
                () -> {
                    if (!process.isAlive()) {
                        throw new AssertionError("Trino ended: " + process.tail());
                    }
                    try {
                        return query("select count(*) from system.runtime.nodes where state = 'active'")
                                .equals(List.of(List.of("1")));
                    } catch (UncheckedIOException | AssertionError notYet) {
                        return false;
                    }
                },
                process::tail);
    }

    private static OsProcess launch(Path directory, Path logs, Path main, Map<String, String> environment)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                javaCommand().toString(),
                "-Xmx1200M",
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dnode.environment=rig",
                "-Dnode.bind-ip=127.0.0.1",
                "-Dnode.internal-address=127.0.0.1",
                "-Dnode.data-dir=" + Files.createDirectories(directory.resolve("data")),
                "-Dconfig=" + directory.resolve("etc/config.properties"),
                "-Dcatalog.config-dir=" + directory.resolve("etc/catalog"),
                "-cp",
                classPath("server", logs),
                main.toString()));
        return OsProcess.start("trino", logs.resolve("trino.log"), environment, command);
    }

    private static Path javaCommand() {
        String named = System.getProperty("firn.trino.java", "");
        if (!named.isEmpty()) {
            return Path.of(named);
        }
        if (Runtime.version().feature() >= 25) {
            return Path.of(System.getProperty("java.home"), "bin", "java");
        }
        try (Stream<Path> all = Files.list(Path.of("/usr/lib/jvm"))) {
            return all.filter(jdk -> jdk.getFileName().toString().contains("25"))
                    .map(jdk -> jdk.resolve("bin/java"))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("Trino needs a JDK 25: set -Dfirn.trino.java=PATH"));
        } catch (IOException none) {
            throw new UncheckedIOException("Trino needs a JDK 25: set -Dfirn.trino.java=PATH", none);
        }
    }

    private static String classPath(String part, Path logs) throws IOException {
        return FetchedJars.classPath("trino-" + part, "trino/pom.xml", logs, "-P" + part);
    }

    private static void pack(Path folder, Path jar) throws IOException {
        try (java.util.jar.JarOutputStream out = new java.util.jar.JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(
                        new java.util.jar.JarEntry(folder.relativize(file).toString()));
                Files.copy(file, out);
                out.closeEntry();
            }
        }
    }

    public URI uri() {
        return uri;
    }

    /** Of the output, the end. */
    public String tail() {
        return process.tail();
    }

    @Override
    public void close() {
        process.close();
    }
}
