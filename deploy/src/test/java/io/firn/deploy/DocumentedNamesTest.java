package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.config.MergeConfig;
import io.firn.deploy.config.PipelineConfig;
import io.firn.ingest.record.TopicSelection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** An architecture page that names what is not there is worse than none. */
class DocumentedNamesTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path CONFIG = ROOT.resolve("deploy/src/main/java/io/firn/deploy/config");
    private static final List<String> DOCUMENTS = List.of(
            "README.md",
            "ARCHITECTURE.md",
            "PROOF.md",
            "SECURITY.md",
            "docs/threat-model.md",
            "ingest/BENCHMARKS.md",
            "compaction/BENCHMARKS.md");
    private static final Pattern FILE = Pattern.compile("[A-Za-z./-]+\\.(?:md|xml)\\b");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`]+)` \\|([^|]*)\\|");
    private static final Pattern ASKED = Pattern.compile(
            "(?:text|texts|duration|bytes|positive|flag|choice|only|required|section|has)\\(\\s*\"([a-z.-]+)\"");
    private static final Pattern TYPE = Pattern.compile("`([A-Z][a-z][A-Za-z0-9]+)(?:\\.[a-z][A-Za-z0-9]*\\(\\))?`");

    @Test
    void every_type_that_architecture_and_proof_name_exists() throws IOException {
        Set<String> named = new TreeSet<>();
        for (String page : List.of("ARCHITECTURE.md", "PROOF.md")) {
            Matcher matcher = TYPE.matcher(Files.readString(ROOT.resolve(page)));
            while (matcher.find()) {
                named.add(matcher.group(1));
            }
        }
        assertThat(named).hasSizeGreaterThan(10);
        named.removeAll(sourceTypes());
        assertThat(named)
                .as("types named in the documents without a source file")
                .isEmpty();
    }

    @Test
    void every_file_that_the_documents_name_exists() throws IOException {
        for (String document : DOCUMENTS) {
            Path page = ROOT.resolve(document);
            Matcher matcher = FILE.matcher(Files.readString(page));
            while (matcher.find()) {
                String named = matcher.group();
                assertThat(Stream.of(
                                ROOT.resolve(named),
                                Objects.requireNonNull(page.getParent()).resolve(named)))
                        .as("%s, named in %s", named, document)
                        .anyMatch(Files::exists);
            }
        }
    }

    /** Poms are left out: a dependency is one line there. Java has its formatter. */
    @Test
    void documents_and_scripts_keep_to_120_columns() throws IOException {
        List<String> files = new ArrayList<>(DOCUMENTS);
        files.addAll(List.of(
                "firn",
                "mvnw",
                ".ci/run",
                "deploy/bench/compaction",
                "deploy/chaos/run",
                "deploy/src/main/dist/bin/firn",
                "deploy/src/main/dist/conf/firn.example.yaml",
                "deploy/src/main/resources/logback.xml"));
        for (String file : files) {
            List<String> lines = Files.readAllLines(ROOT.resolve(file));
            for (int line = 0; line < lines.size(); line++) {
                assertThat(lines.get(line)).as("%s:%d", file, line + 1).hasSizeLessThanOrEqualTo(120);
            }
        }
    }

    /** The keys that the readers ask for, found in their sources, and the rows of the README's tables. */
    @Test
    void the_readme_explains_every_key_of_the_configuration() throws IOException {
        Set<String> asked = new TreeSet<>();
        for (String reader :
                List.of("ConfigFile", "HttpConfig", "Tokens", "TlsConfig", "PipelineSection", "UpsertSection")) {
            Matcher matcher = ASKED.matcher(Files.readString(CONFIG.resolve(reader + ".java")));
            while (matcher.find()) {
                asked.add(matcher.group(1));
            }
        }
        Set<String> explained = defaults().keySet().stream()
                .map(key -> key.replaceFirst(".*\\.(?=[a-z])", "").replace(".*", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(asked).contains("bootstrap.servers", "workers", "interval", "listen");
        asked.removeAll(List.of(
                "bootstrap.servers",
                "type",
                "catalog-impl",
                "http",
                "tls",
                "audit",
                "commit",
                "kafka",
                "catalog",
                "route",
                "merge",
                "maintenance"));
        explained.removeAll(List.of("kafka", "catalog"));
        assertThat(explained).isEqualTo(asked);
    }

    @Test
    void the_readme_gives_the_defaults_that_are_used() throws IOException {
        PipelineConfig pipeline = PipelineConfig.defaults(TopicSelection.named(List.of("orders")), "shop.orders");
        Map<String, String> told = defaults();
        assertThat(told)
                .containsEntry("memory", (Configuration.DEFAULT_MEMORY_BYTES >> 20) + "MB")
                .containsEntry("http.listen", HttpConfig.DEFAULT_LISTEN)
                .containsEntry("workers", Integer.toString(pipeline.workers()))
                .containsEntry("commit.interval", pipeline.commit().interval().toSeconds() + "s")
                .containsEntry("commit.target-file-size", (pipeline.commit().targetFileBytes() >> 20) + "MB")
                .containsEntry("on-gap", lower(pipeline.onGap()))
                .containsEntry("adopt", Boolean.toString(pipeline.adopt()))
                .containsEntry("source-columns", lower(pipeline.sourceColumns()))
                .containsEntry("merge.interval", duration(MergeConfig.defaults().interval()))
                .containsEntry(
                        "merge.fail-after", duration(MergeConfig.defaults().failAfter()))
                .containsEntry(
                        "merge.rows", Integer.toString(MergeConfig.defaults().rows()))
                .containsEntry("merge.memory", (MergeConfig.defaults().memoryBytes() >> 20) + "MB")
                .containsEntry(
                        "maintenance.enabled",
                        Boolean.toString(pipeline.maintenance().enabled()))
                .containsEntry(
                        "maintenance.interval", duration(pipeline.maintenance().interval()))
                .containsEntry(
                        "maintenance.snapshots-keep",
                        pipeline.maintenance().snapshotsKeep().toHours() + "h")
                .containsEntry(
                        "maintenance.staging-keep",
                        pipeline.maintenance().stagingKeep().toHours() + "h")
                .containsEntry(
                        "maintenance.orphans-keep",
                        pipeline.maintenance().orphansKeep().toHours() + "h")
                .containsEntry("maintenance.max-size", (pipeline.maintenance().maxBytes() >> 30) + "GB")
                .containsEntry(
                        "maintenance.max-time", duration(pipeline.maintenance().maxTime()))
                .containsEntry("on-unknown-field", lower(pipeline.decode().onUnknownField()));
    }

    private static String duration(Duration time) {
        return time.toMinutes() + "m";
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Key and default of every row of the README's tables of keys. */
    private static Map<String, String> defaults() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        String keys = readme.substring(readme.indexOf("### Every key"), readme.indexOf("### Watching it"));
        Map<String, String> defaults = new TreeMap<>();
        Matcher matcher = ROW.matcher(keys);
        while (matcher.find()) {
            defaults.put(matcher.group(1), matcher.group(2).strip().replace("`", ""));
        }
        return defaults;
    }

    private static Set<String> sourceTypes() throws IOException {
        try (Stream<Path> files = Stream.of("catalog", "ingest", "compaction", "deploy")
                .map(ROOT::resolve)
                .flatMap(DocumentedNamesTest::sources)) {
            return files.map(path -> path.getFileName().toString().replace(".java", ""))
                    .collect(Collectors.toSet());
        }
    }

    private static Stream<Path> sources(Path module) {
        try (Stream<Path> files = Files.walk(module.resolve("src"))) {
            return files.filter(path -> path.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
