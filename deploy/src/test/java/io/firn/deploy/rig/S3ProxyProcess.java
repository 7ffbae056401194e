package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An S3 server over a folder, as a process. Buckets are folders; signatures are checked. */
public final class S3ProxyProcess implements AutoCloseable {
    public static final String ACCESS_KEY = "firn-rig";
    public static final String SECRET_KEY = "firn-rig-secret";

    private static final Path JAR = Path.of("target", "rig", "s3proxy.jar");

    private final Path directory;
    private final Path store;
    private final Path logs;
    private final int port;
    private @Nullable OsProcess process;

    private S3ProxyProcess(Path directory, Path store, Path logs) {
        this.directory = directory;
        this.store = store;
        this.logs = logs;
        this.port = OsProcess.freePort();
    }

    /** Starts the server with these buckets and waits until it answers. */
    public static S3ProxyProcess start(Path directory, Path logs, String... buckets) {
        S3ProxyProcess server = new S3ProxyProcess(directory, directory.resolve("store"), logs);
        try {
            for (String bucket : buckets) {
                Files.createDirectories(server.store.resolve(bucket));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        server.restart();
        return server;
    }

    /** Another way to the same buckets, which fails by itself. */
    public S3ProxyProcess beside(Path ownDirectory) {
        S3ProxyProcess server = new S3ProxyProcess(ownDirectory, store, logs);
        server.restart();
        return server;
    }

    private void configure(String secret) {
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("s3proxy.properties"), """
                    s3proxy.endpoint=http://127.0.0.1:%d
                    s3proxy.authorization=aws-v2-or-v4
                    s3proxy.identity=%s
                    s3proxy.credential=%s
                    s3proxy.ignore-unknown-headers=true
                    jclouds.provider=filesystem-nio2
                    jclouds.filesystem.basedir=%s
                    """.formatted(port, ACCESS_KEY, secret, store));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    /** The settings of an Iceberg catalog whose files are here. */
    public Map<String, String> catalogProperties() {
        return catalogProperties(endpoint());
    }

    /** Those of any S3 server that knows the same keys. */
    static Map<String, String> catalogProperties(String endpoint) {
        return Map.of(
                "io-impl",
                "org.apache.iceberg.aws.s3.S3FileIO",
                "s3.endpoint",
                endpoint,
                "s3.path-style-access",
                "true",
                "s3.access-key-id",
                ACCESS_KEY,
                "s3.secret-access-key",
                SECRET_KEY,
                "client.region",
                "us-east-1");
    }

    /** Starts a killed server on the same port and folder. */
    public void restart() {
        restart(SECRET_KEY);
    }

    /** Starts a killed server that takes another secret: everyone who still has the first one is refused. */
    public void restartWithOtherSecret() {
        restart(SECRET_KEY + "-renewed");
    }

    private void restart(String secret) {
        configure(secret);
        List<String> command = new ArrayList<>(OsProcess.java(
                logs, JAR.toAbsolutePath().toString(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.add("org.gaul.s3proxy.Main");
        command.add("--properties");
        command.add(directory.resolve("s3proxy.properties").toString());
        OsProcess started = OsProcess.start("s3proxy", logs.resolve("s3proxy.log"), Map.of(), command);
        process = started;
        Eventually.holds(
                "the S3 server listens",
                Eventually.PATIENCE,
                () -> {
                    try (Socket socket = new Socket()) {
                        socket.connect(new InetSocketAddress("127.0.0.1", port), 500);
                        return socket.isConnected();
                    }
                },
                started::tail);
    }

    public void kill9() {
        OsProcess running = process;
        if (running != null) {
            running.close();
            process = null;
        }
    }

    @Override
    public void close() {
        kill9();
    }
}
