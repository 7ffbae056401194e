package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Ceph's object gateway, a second S3 server of another make: one monitor, one store in memory and the gateway, as
 * Debian's packages {@code ceph-mon}, {@code ceph-osd} and {@code radosgw} install them. Signatures are checked.
 */
public final class CephServer implements AutoCloseable {
    /** What clients of versions before Ceph 19 must be told: it does not know the checksums that SDKs send unasked. */
    public static final Map<String, String> ENVIRONMENT = Map.of("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required");

    private static final List<String> PROGRAMS =
            List.of("ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "curl", "monmaptool", "radosgw", "radosgw-admin");

    private final Path directory;
    private final Path logs;
    private final int port = OsProcess.freePort();
    private final List<OsProcess> processes = new ArrayList<>();

    private CephServer(Path directory, Path logs) {
        this.directory = directory;
        this.logs = logs;
    }

    /** Why it cannot be started here, if it cannot. */
    public static Optional<String> missing() {
        List<String> missing = PROGRAMS.stream()
                .filter(program -> Stream.of("/usr/bin", "/usr/sbin", "/usr/local/bin")
                        .noneMatch(folder -> Files.isExecutable(Path.of(folder, program))))
                .toList();
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("Ceph is not installed (Debian: ceph-mon, ceph-osd, radosgw, curl); missing: " + missing);
    }

    /** Starts all of it, and makes the bucket. */
    public static CephServer start(Path directory, Path logs, String bucket) {
        CephServer server = new CephServer(directory, logs);
        try {
            server.configure();
            server.startAll();
            server.makeBucket(bucket);
            return server;
        } catch (IOException failed) {
            server.close();
            throw new UncheckedIOException(failed);
        } catch (RuntimeException | Error failed) {
            server.close();
            throw failed;
        }
    }

    private void configure() throws IOException {
        for (String folder : List.of("mon", "osd", "run")) {
            Files.createDirectories(directory.resolve(folder));
        }
        Files.writeString(directory.resolve("ceph.conf"), """
                [global]
                fsid = %1$s
                mon host = v2:127.0.0.1:%2$d
                mon initial members = a
                public addr = 127.0.0.1
                ms bind msgr1 = false
                keyring = %3$s/keyring
                mon data = %3$s/mon
                osd data = %3$s/osd
                run dir = %3$s/run
                log file = %3$s/$name.log
                admin socket =
                osd objectstore = memstore
                memstore device bytes = 2147483648
                osd pool default size = 1
                osd pool default min size = 1
                osd pool default pg num = 8
                osd crush chooseleaf type = 0
                mon allow pool size one = true
                mon data avail crit = 1
                mon data avail warn = 1
                [client.admin]
                rgw frontends = beast endpoint=127.0.0.1:%4$d
                rgw thread pool size = 32
                """.formatted(
                        UUID.randomUUID(), OsProcess.freePort(), directory, port));
    }

    private void startAll() throws IOException {
        String keyring = directory.resolve("keyring").toString();
        String map = directory.resolve("monmap").toString();
        run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *");
        run(
                "ceph-authtool",
                keyring,
                "--gen-key",
                "-n",
                "client.admin",
                "--cap",
                "mon",
                "allow *",
                "--cap",
                "osd",
                "allow *");
        run(
                "ceph-authtool",
                keyring,
                "--gen-key",
                "-n",
                "osd.0",
                "--cap",
                "mon",
                "allow profile osd",
                "--cap",
                "osd",
                "allow *");
        String monitor = Files.readString(directory.resolve("ceph.conf"))
                .lines()
                .filter(line -> line.startsWith("mon host = "))
                .map(line -> line.substring("mon host = ".length()))
                .findFirst()
                .orElseThrow();
        run("monmaptool", "--create", "--addv", "a", "[" + monitor + "]", map);
        run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring);
        begin("ceph-mon", "-i", "a", "-f");
        String osd = UUID.randomUUID().toString();
        run("ceph", "osd", "new", osd);
        run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd);
        begin("ceph-osd", "-i", "0", "-f");
        run(
                "radosgw-admin",
                "user",
                "create",
                "--uid",
                "firn",
                "--display-name",
                "firn",
                "--access-key",
                S3ProxyProcess.ACCESS_KEY,
                "--secret-key",
                S3ProxyProcess.SECRET_KEY);
        begin("radosgw", "-n", "client.admin", "-f");
    }

    /** One of Ceph's programs, to its end. */
    private void run(String... command) {
        try (OsProcess process = started(command)) {
            if (!process.awaitExit(Duration.ofSeconds(90)) || process.exitCode() != 0) {
                throw new AssertionError(List.of(command) + " failed: " + process.tail());
            }
        }
    }

    private void begin(String... command) {
        processes.add(started(command));
    }

    private OsProcess started(String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        if (!command[0].endsWith("tool")) {
            all.addAll(List.of("-c", directory.resolve("ceph.conf").toString()));
        }
        return OsProcess.start(command[0], logs.resolve("ceph.log"), Map.of(), all);
    }

    /** By curl, since the gateway's own tool makes none. It answers some seconds after its start. */
    private void makeBucket(String bucket) {
        Eventually.holds(
                "the gateway makes a bucket",
                Duration.ofSeconds(90),
                () -> {
                    try (OsProcess curl = OsProcess.start(
                            "curl",
                            logs.resolve("ceph.log"),
                            Map.of(),
                            List.of(
                                    "curl",
                                    "--silent",
                                    "--fail",
                                    "--request",
                                    "PUT",
                                    "--header",
                                    "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                                    "--aws-sigv4",
                                    "aws:amz:us-east-1:s3",
                                    "--user",
                                    S3ProxyProcess.ACCESS_KEY + ":" + S3ProxyProcess.SECRET_KEY,
                                    endpoint() + "/" + bucket))) {
                        return curl.awaitExit(Duration.ofSeconds(10)) && curl.exitCode() == 0;
                    }
                },
                () -> processes.get(processes.size() - 1).tail());
    }

    private String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    /** The settings of an Iceberg catalog whose files are here. */
    public Map<String, String> catalogProperties() {
        return S3ProxyProcess.catalogProperties(endpoint());
    }

    @Override
    public void close() {
        for (int i = processes.size() - 1; i >= 0; i--) {
            processes.get(i).close();
        }
    }
}
