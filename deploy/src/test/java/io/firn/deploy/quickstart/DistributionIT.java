package io.firn.deploy.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.FirnException;
import io.firn.deploy.rig.Distribution;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packed {@code bin/firn}, as a person starts it. */
@Order(2)
class DistributionIT {
    private static final Path LOGS = OsProcess.logs("distribution");
    private static final Duration SOON = Eventually.PATIENCE;

    @TempDir
    private Path folder;

    private int runs;

    private OsProcess start(String... arguments) {
        // A build that runs in the background ignores the interrupt signal, and so would all that it starts.
        List<String> command = new ArrayList<>(
                List.of("env", "--default-signal=INT", Distribution.script().toString()));
        command.addAll(List.of(arguments));
        Path log = LOGS.resolve(folder.getFileName() + "-" + runs++ + ".log");
        Map<String, String> environment = Map.of("JAVA_HOME", System.getProperty("java.home"));
        return OsProcess.start("firn " + String.join(" ", arguments), log, environment, command);
    }

    /** Runs it to its end. @return what it wrote */
    private String firn(int exitCode, String... arguments) {
        try (OsProcess process = start(arguments)) {
            assertThat(process.awaitExit(SOON)).as(process.tail()).isTrue();
            assertThat(process.exitCode()).as(process.tail()).isEqualTo(exitCode);
            return process.output();
        }
    }

    @Test
    void every_command_says_what_it_is_for() {
        assertThat(firn(0, "--version"))
                .contains("firn 0.1.0")
                .as("the logging library's own story")
                .doesNotContain("|-");
        String help = firn(0, "--help");
        assertThat(help).contains("run", "check", "ledger", "audit", "compact", "quickstart", "Exit codes");
        assertThat(firn(0, "audit", "--help")).contains("Usage: firn audit", "--config=FILE", "3   differences");
    }

    @Test
    void licencesNoticesAndABillOfMaterialsOfEveryJarComeWithIt() throws IOException {
        Path home = Distribution.script().resolve("../..").normalize();
        assertThat(home.resolve("LICENSE")).content().contains("Apache License");
        assertThat(home.resolve("NOTICE")).content().contains("third-party", "sbom.json");
        assertThat(home.resolve("third-party")).isDirectoryContaining("glob:**/kafka-clients-*");
        Set<String> listed = new TreeSet<>();
        for (JsonNode component :
                new ObjectMapper().readTree(home.resolve("sbom.json").toFile()).path("components")) {
            assertThat(component.path("licenses"))
                    .as(component.path("name").asText())
                    .isNotEmpty();
            listed.add(component.path("name").asText() + "-"
                    + component.path("version").asText());
        }
        Set<String> jars = new TreeSet<>();
        for (Path lib : List.of(home.resolve("lib"), home.resolve("lib/broker"))) {
            try (Stream<Path> files = Files.list(lib)) {
                files.map(file -> file.getFileName().toString())
                        .filter(name -> name.endsWith(".jar") && !name.startsWith("firn-deploy"))
                        .forEach(name -> jars.add(name.replaceFirst("(-nohive)?\\.jar$", "")));
            }
        }
        assertThat(listed).isEqualTo(jars);
        for (JsonNode component :
                new ObjectMapper().readTree(home.resolve("vex.json").toFile()).path("components")) {
            assertThat(listed)
                    .contains(component.path("name").asText() + "-"
                            + component.path("version").asText());
        }
        assertThat(listed).noneMatch(name -> name.matches("(asm|jetty-(plus|jndi|xml|.*webapp|.*annotations))-.*"));
    }

    @Test
    void wrong_usage_and_wrong_configuration_exit_with_2() throws IOException {
        assertThat(firn(2, "audti")).contains("audti", "audit");
        Path file = Files.writeString(folder.resolve("firn.yaml"), """
                kafka: {bootstrap.servers: '127.0.0.1:1', sasl.jaas.config: 'password=hunter2'}
                catalog: {type: jdbc, uri: 'jdbc:sqlite:file:x'}
                pipelines: {orders: {topics: [orders], table: shop.orders, worker: 2}}
                """);
        assertThat(firn(2, "run", "--config", file.toString()))
                .contains("firn: unknown key worker", file + ":3:", "do: did you mean workers?")
                .doesNotContain("hunter2")
                .doesNotContain("\tat ");
    }

    @Test
    void a_job_leaves_an_archive_of_classes_for_the_next_one_and_says_nothing_of_it() throws IOException {
        String[] merge = {
            "compact",
            "shop.orders",
            "--job",
            "merge",
            "--config",
            folder.resolve("none.yaml").toString()
        };
        Path cache = Distribution.home().resolve("cache");
        removeArchives(cache);
        String told = firn(2, merge);
        assertThat(cache).isDirectoryContaining("glob:**/classes-*.jsa");
        assertThat(told).startsWith("firn: ").doesNotContain("[warning]");
        assertThat(firn(2, merge)).isEqualTo(told);
    }

    /** Those that an earlier run of the build left. */
    private static void removeArchives(Path cache) throws IOException {
        if (Files.exists(cache)) {
            try (Stream<Path> all = Files.list(cache)) {
                for (Path archive : all.toList()) {
                    Files.delete(archive);
                }
            }
        }
    }

    @Test
    void a_quickstart_goes_on_where_it_was_stopped_and_ends_with_a_clean_audit() {
        String dir = folder.resolve("it").toString();
        try (OsProcess first = start("quickstart", "--dir", dir, "--records", "150000", "--exit")) {
            Eventually.holds(
                    "rows are ingested",
                    SOON,
                    () -> first.output().matches("(?s).*ingested [1-9][0-9,]*  .*"),
                    first::tail);
            assertThat(firn(2, "quickstart", "--dir", dir, "--records", "10", "--exit"))
                    .contains("another quickstart runs in this folder", dir, "--dir");

            first.signal("INT");
            assertThat(first.awaitExit(SOON)).as(first.tail()).isTrue();
            assertThat(first.exitCode()).as(first.tail()).isEqualTo(1);
            assertThat(first.output()).contains("Stopped before the audit; the same command goes on from here");
        }
        assertThat(firn(0, "quickstart", "--dir", dir, "--records", "1000", "--exit"))
                .contains(
                        "Going on after the",
                        "reading",
                        "Clean: ",
                        "every offset accounted for",
                        "Clean: every row is the last record of its key",
                        "shop.orders_staging  ",
                        "shop.orders_latest  ",
                        "Where everything is");
    }

    @Test
    void a_folder_that_cannot_be_written_is_told() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> Folder.open(file.resolve("below"), 1))
                .isInstanceOf(FirnException.class)
                .hasMessageContainingAll("the folder cannot be written", file.toString(), "--dir");
    }

    @Test
    void a_disk_without_room_is_told_before_anything_is_written() {
        assertThatThrownBy(() -> Folder.requireRoom(folder, 200L << 20, 1_000_000))
                .isInstanceOf(FirnException.class)
                .hasMessageContainingAll("not enough room: 200 MB are free", "--dir", "--records");
        Folder.requireRoom(folder, 200L << 20, 1000);
    }

    @Test
    void two_quickstarts_cannot_share_a_folder() {
        try (Folder first = Folder.open(folder, 1)) {
            assertThat(first.kafka()).isEqualTo(folder.resolve("kafka"));
            assertThatThrownBy(() -> Folder.open(folder, 1)).hasMessageContaining("another quickstart runs");
        }
        Folder.open(folder, 1).close();
    }
}
