package io.firn.deploy.rig;

import io.firn.catalog.FreePorts;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A real PostgreSQL on loopback. It refuses to run as root, so where the tests run as root it runs in a user namespace
 * of its own ({@code unshare -U}); where that is forbidden too, {@link #missing} says so.
 */
public final class PostgresServer implements AutoCloseable {
    /** Unpacked once for all tests. */
    private static final Path BINARIES = Path.of("target", "rig", "postgres").toAbsolutePath();

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
            Files.createDirectories(directory);
            Path rules = Files.writeString(directory.resolve("pg_hba.conf"), """
                    host all postgres 127.0.0.1/32 trust
                    host all all 127.0.0.1/32 scram-sha-256
                    """);
            return new PostgresServer(EmbeddedPostgres.builder()
                    .setServerConfig("hba_file", rules.toAbsolutePath().toString())
                    .setOverrideWorkingDirectory(BINARIES.toFile())
                    .setDataDirectory(directory.resolve("data"))
                    .setPort(FreePorts.take())
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setPGStartupWait(Eventually.PATIENCE)
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

    /** As {@link #catalogProperties}, for a user who has to give this password. */
    public Map<String, String> catalogProperties(String user, String password) {
        execute("CREATE ROLE " + user + " LOGIN SUPERUSER PASSWORD '" + password + "'", "the user " + user);
        Map<String, String> properties = new HashMap<>(catalogProperties());
        properties.put("jdbc.user", user);
        properties.put("jdbc.password", password);
        return properties;
    }

    /** As {@link #catalogProperties}, for a database that nobody has opened yet. */
    public Map<String, String> newDatabase(String name) {
        execute("CREATE DATABASE " + name, "the database " + name);
        Map<String, String> properties = new HashMap<>(catalogProperties());
        properties.put("uri", "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/" + name);
        return properties;
    }

    private void execute(String statement, String wanted) {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement sql = connection.createStatement()) {
            sql.execute(statement);
        } catch (SQLException failed) {
            throw new IllegalStateException("cannot create " + wanted, failed);
        }
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
