package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.http.HttpService;
import io.firn.deploy.http.OneOrdersPipeline;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Iceberg's REST compatibility kit against {@code /iceberg}: {@code -Pkit}. {@code deploy/kit/not-applicable.txt} lists
 * the tests that do not apply, with the reasons.
 */
@EnabledIfSystemProperty(named = "firn.kit", matches = "true", disabledReason = "-Pkit runs it")
final class CompatibilityKitIT {
    private static final String TOKEN = "kits-secret";
    private static final int REQUESTS_A_SECOND = 1_000_000;

    /** Those of version 1.11.0, without those that do not apply. */
    private static final int KIT_TESTS = 146;

    private static final Pattern TESTS = Pattern.compile("<testsuite [^>]* tests=\"(\\d+)\"[^>]* skipped=\"(\\d+)\"");
    private static final Path LOGS = OsProcess.logs("kit");

    @TempDir
    private Path directory;

    @Test
    void every_test_of_the_kit_that_applies_passes() throws IOException {
        Map<String, String> properties = new TreeMap<>(Lake.sqlite(directory));
        properties.put("warehouse", directory.resolve("warehouse").toUri().toString());
        Catalog catalog = Catalogs.open(properties);
        HttpConfig config = new HttpConfig(
                "127.0.0.1:0", Map.of("kit", TOKEN), Map.of(), Optional.empty(), REQUESTS_A_SECOND, true);
        OneOrdersPipeline running = new OneOrdersPipeline();
        running.iceberg = Optional.of(new IcebergRest(
                catalog,
                Map.of(),
                LocationPolicy.of(Optional.ofNullable(properties.get("warehouse")), List.of("file:/tmp")),
                Clock.systemUTC()));
        try (HttpService service = HttpService.start(config, running, Clock.systemUTC());
                OsProcess maven = kit("http://127.0.0.1:" + service.port() + "/iceberg")) {
            assertThat(maven.awaitExit(Duration.ofMinutes(20))).as(maven.tail()).isTrue();
            assertThat(maven.exitCode()).as(maven.tail()).isZero();
        } finally {
            ((Closeable) catalog).close();
        }
        assertThat(passed()).isEqualTo(KIT_TESTS);
    }

    private static OsProcess kit(String uri) {
        List<String> command = new ArrayList<>(List.of(
                Path.of("..", "mvnw").toAbsolutePath().normalize().toString(),
                "-B",
                "-ntp",
                "-f",
                Path.of("kit", "pom.xml").toAbsolutePath().toString(),
                "clean",
                "test",
                "-Dkit.uri=" + uri,
                "-Dkit.token=" + TOKEN));
        return OsProcess.start("kit", LOGS.resolve("maven.log"), Map.of(), command);
    }

    /** Every test that applies has to run: one that the kit skips must be listed with its reason. */
    private static int passed() throws IOException {
        int passed = 0;
        try (Stream<Path> reports = Files.list(Path.of("target", "kit", "surefire-reports"))) {
            for (Path report :
                    reports.filter(file -> file.toString().endsWith(".xml")).toList()) {
                Matcher tests = TESTS.matcher(Files.readString(report));
                assertThat(tests.find()).as(report.toString()).isTrue();
                System.out.println("[kit] " + report.getFileName() + ": " + tests.group(1) + " tests");
                assertThat(tests.group(2)).as("skipped in %s", report).isEqualTo("0");
                passed += Integer.parseInt(tests.group(1));
            }
        }
        return passed;
    }
}
