package io.firn.deploy.rig;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A real PostgreSQL on loopback. It refuses to run as root, so where the tests run as root it runs in a user namespace
 * of its own ({@code unshare -U}); where that is forbidden too, {@link #missing} says so.
 */
public final class PostgresServer implements AutoCloseable {
    private final EmbeddedPostgres postgres;

    private PostgresServer(EmbeddedPostgres postgres) {
        this.postgres = postgres;
    }

    /** Why it cannot be started here, if it cannot. */
    public static Optional<String> missing() {
        boolean root = "root".equals(System.getProperty("user.name"));
        return root && !LinuxUtils.isUnshareAvailable()
                ? Optional.of("PostgreSQL does not run as root and user namespaces are not allowed here")
                : Optional.empty();
    }

    public static PostgresServer start(Path directory) {
        try {
            return new PostgresServer(EmbeddedPostgres.builder()
                    .setOverrideWorkingDirectory(directory.resolve("binaries").toFile())
                    .setDataDirectory(directory.resolve("data"))
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setPGStartupWait(Duration.ofSeconds(60))
                    .start());
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot start PostgreSQL", failed);
        }
    }

    /** The settings of an Iceberg catalog kept in this database. */
    public Map<String, String> catalogProperties() {
        return Map.of(
                "type",
                "jdbc",
                "uri",
                "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/postgres",
                "jdbc.user",
                "postgres",
                "jdbc.password",
                "postgres",
                "jdbc.schema-version",
                "V1");
    }

    @Override
    public void close() {
        try {
            postgres.close();
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot stop PostgreSQL", failed);
        }
    }
}
