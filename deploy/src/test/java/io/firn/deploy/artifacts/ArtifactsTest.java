package io.firn.deploy.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.firn.catalog.ClosedPort;
import io.firn.deploy.config.ConfigFile;
import io.firn.deploy.config.Configuration;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ArtifactsTest {
    private static final Path COMPOSE = Path.of("compose");
    private static final Pattern VARIABLE = Pattern.compile("(?i)\\$\\{env:([A-Z0-9_]+)}");

    /** Of the compose file; those of the test that runs its configuration are the same ones. */
    private static final Set<String> ADDRESSES = Set.of(
            "FIRN_KAFKA",
            "FIRN_CATALOG",
            "FIRN_WAREHOUSE",
            "FIRN_S3",
            "FIRN_S3_REGION",
            "FIRN_S3_KEY",
            "FIRN_S3_SECRET",
            "FIRN_LISTEN",
            "FIRN_TOKEN");

    static List<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("examples"))) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void an_example_is_a_configuration(Path example) {
        Configuration configuration = new ConfigFile(name -> "value of " + name).read(example);
        assertThat(configuration.pipelines()).containsKey("orders");
    }

    @Test
    void there_is_an_example_for_every_catalog_that_people_have() throws IOException {
        assertThat(examples())
                .extracting(path -> path.getFileName().toString())
                .contains("glue.yaml", "s3-tables.yaml", "nessie.yaml", "polaris.yaml", "hive.yaml");
    }

    @Test
    void the_compose_file_mounts_the_configuration_that_the_tests_run() throws IOException {
        Yaml services = Yaml.of(COMPOSE.resolve("compose.yaml")).at("services");
        assertThat(services.keys()).contains("kafka", "minio", "catalog", "trino", "firn", "orders");
        assertThat(services.at("firn/volumes").texts()).contains("./firn.yaml:/etc/firn/firn.yaml:ro");
        assertThat(services.at("trino/volumes").texts())
                .contains("./trino/lake.properties:/etc/trino/catalog/lake.properties:ro");
        assertThat(services.at("firn/read_only").text()).isEqualTo("true");
        assertThat(services.at("firn/tmpfs").texts()).anyMatch(mount -> mount.startsWith("/tmp:exec"));

        Set<String> given = new TreeSet<>(services.at("firn/environment").keys());
        assertThat(variables(COMPOSE.resolve("firn.yaml"))).isEqualTo(given).isEqualTo(ADDRESSES);
        assertThat(services.at("trino/environment").keys())
                .containsAll(variables(COMPOSE.resolve("trino/lake.properties")));
        assertThat(services.at("firn/environment/FIRN_S3_KEY").text())
                .isEqualTo(services.at("minio/environment/MINIO_ROOT_USER").text());
        assertThat(services.at("firn/environment/FIRN_S3_SECRET").text())
                .isEqualTo(services.at("minio/environment/MINIO_ROOT_PASSWORD").text());
        assertThat(new ConfigFile(
                                name -> services.at("firn/environment/" + name).text())
                        .read(COMPOSE.resolve("firn.yaml"))
                        .pipelines())
                .containsKey("orders");
    }

    @Test
    void images_have_versions() throws IOException {
        Yaml services = Yaml.of(COMPOSE.resolve("compose.yaml")).at("services");
        for (String name : services.keys()) {
            if (!name.equals("firn")) {
                assertThat(services.at(name + "/image").text())
                        .doesNotEndWith(":latest")
                        .contains(":");
            }
        }
    }

    @Test
    void the_unit_runs_what_is_in_the_distribution_and_waits_until_all_is_committed() throws IOException {
        String unit = Files.readString(Path.of("systemd/firn.service"));
        assertThat(unit)
                .contains("ExecStart=/opt/firn/bin/firn run --config /etc/firn/firn.yaml", "RestartPreventExitStatus=2")
                .contains("DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=\n")
                .contains("SystemCallFilter=~@privileged @resources", "SystemCallErrorNumber=EPERM", "PrivateUsers=yes")
                .contains("PrivateIPC=yes", "DevicePolicy=closed", "KeyringMode=private", "LimitCORE=0", "UMask=0077");
        Matcher stop = Pattern.compile("TimeoutStopSec=(\\d+)").matcher(unit);
        assertThat(stop.find()).isTrue();
        assertThat(Integer.parseInt(stop.group(1))).isGreaterThan(29);
        assertThat(Path.of("src/main/dist/bin/firn")).isExecutable();
    }

    @Test
    void the_image_is_run_by_nobody_in_particular_and_says_how_it_is() throws IOException {
        String image = Files.readString(Path.of("image/Containerfile"));
        assertThat(image).contains("USER 10001:10001", "HEALTHCHECK", "STOPSIGNAL SIGTERM", "openjdk-25-jre-headless");
        for (String script : List.of("firn", "firn-health", "firn-archive")) {
            assertThat(image).contains("/opt/firn/bin/" + script);
            assertThat(Path.of("src/main/dist/bin", script)).isExecutable();
        }
    }

    @Test
    void the_health_check_knows_a_service_that_lives_from_one_that_does_not() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        int[] status = {200};
        server.createContext("/health/live", exchange -> {
            exchange.sendResponseHeaders(status[0], -1);
            exchange.close();
        });
        server.start();
        int port = server.getAddress().getPort();
        try {
            assertThat(health(port)).isZero();
            status[0] = 503;
            assertThat(health(port)).isEqualTo(1);
        } finally {
            server.stop(0);
        }
        assertThat(health(ClosedPort.number())).isEqualTo(1);
    }

    private static int health(int port) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("src/main/dist/bin/firn-health");
        builder.environment().put("FIRN_HEALTH", "127.0.0.1:" + port);
        return builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    /** Comments tell of others. */
    private static Set<String> variables(Path file) throws IOException {
        Set<String> names = new TreeSet<>();
        Matcher matcher = VARIABLE.matcher(Files.readString(file).replaceAll("(?m)^#.*", ""));
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }
}
