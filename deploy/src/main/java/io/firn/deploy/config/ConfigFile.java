package io.firn.deploy.config;

import io.firn.deploy.output.Secrets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads a configuration file. */
public final class ConfigFile {
    /** Many times what a configuration needs. */
    private static final int MOST_DEPTH = 50;

    private final Function<String, @Nullable String> environment;
    private final Secrets secrets;

    /** For callers that show nothing of what they read. */
    public ConfigFile(Function<String, @Nullable String> environment) {
        this(environment, new Secrets());
    }

    /**
     * @param environment the value of an environment variable, null where it is not set
     * @param secrets receives what placeholders are replaced by
     */
    public ConfigFile(Function<String, @Nullable String> environment, Secrets secrets) {
        this.environment = environment;
        this.secrets = secrets;
    }

    /** @throws ConfigException with every problem of the file */
    public Configuration read(Path file) {
        Problems problems = new Problems(file.toString());
        Optional<Node> root = compose(file, problems);
        problems.throwIfAny();
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(file.toAbsolutePath());
        Section top = Section.of("", root, problems, new Placeholders(folder, environment, secrets));
        Section kafka = top.section("kafka");
        SortedMap<String, String> kafkaProperties = kafka.properties();
        if (!kafkaProperties.containsKey("bootstrap.servers") && !kafka.has("bootstrap.servers")) {
            kafka.missing("bootstrap.servers", "bootstrap.servers: localhost:9092");
        }
        new KafkaSection(kafka).check(kafkaProperties);
        Section catalog = top.section("catalog");
        SortedMap<String, String> catalogProperties = catalog.properties();
        if (!catalog.has("type") && !catalog.has("catalog-impl")) {
            catalog.missing("type", "type: rest (or jdbc, hive, glue, hadoop, nessie)");
        }
        Configuration configuration = new Configuration(
                kafkaProperties,
                catalogProperties,
                HttpConfig.of(top.section("http")),
                instance(top),
                top.bytes("memory", Configuration.DEFAULT_MEMORY_BYTES),
                auditInterval(top.section("audit")),
                pipelines(top));
        top.finish();
        problems.throwIfAny();
        return configuration;
    }

    private static Optional<Node> compose(Path file, Problems problems) {
        try {
            LoadSettings settings = LoadSettings.builder()
                    .setLabel(file.toString())
                    .setAllowDuplicateKeys(true)
                    .build();
            String text = Files.readString(file);
            Optional<Mark> tooDeep = tooDeep(settings, text);
            if (tooDeep.isPresent()) {
                problems.marked(tooDeep, "", "nested deeper than " + MOST_DEPTH, "check brackets around there");
                return Optional.empty();
            }
            return new Compose(settings).composeString(text);
        } catch (NoSuchFileException missing) {
            problems.marked(Optional.empty(), "", "the configuration file does not exist", "check the path");
        } catch (IOException unreadable) {
            problems.marked(
                    Optional.empty(), "", "the configuration file cannot be read: " + unreadable.getMessage(), "");
        } catch (MarkedYamlEngineException broken) {
            problems.marked(
                    broken.getProblemMark(),
                    "",
                    "not YAML: " + broken.getProblem(),
                    "check indentation, quotes and colons around there");
        } catch (YamlEngineException broken) {
            problems.marked(Optional.empty(), "", "not YAML: " + broken.getMessage(), "");
        }
        return Optional.empty();
    }

    /** Where it is nested deeper than the composer, which calls itself for each level, has room for. */
    private static Optional<Mark> tooDeep(LoadSettings settings, String text) {
        int depth = 0;
        for (Event event : new Parse(settings).parseString(text)) {
            switch (event.getEventId()) {
                case SequenceStart, MappingStart -> depth++;
                case SequenceEnd, MappingEnd -> depth--;
                default -> {
                    continue;
                }
            }
            if (depth > MOST_DEPTH) {
                return event.getStartMark();
            }
        }
        return Optional.empty();
    }

    private static Optional<String> instance(Section top) {
        Optional<String> instance = top.text("instance");
        if (instance.filter(name -> !name.matches("[A-Za-z0-9._-]{1,200}")).isPresent()) {
            top.wrong(
                    "instance",
                    top.quoted("instance", instance.get()) + " is not a name for a process",
                    "use letters, digits, dots, hyphens and underscores, or leave it out");
        }
        return instance;
    }

    private static Optional<Duration> auditInterval(Section audit) {
        Optional<Duration> interval =
                audit.has("interval") ? Optional.of(audit.duration("interval", Duration.ofDays(1))) : Optional.empty();
        if (interval.filter(Duration::isZero).isPresent()) {
            audit.wrong("interval", "there is no time between two audits", "write a duration as 24h, or leave it out");
        }
        audit.finish();
        return interval;
    }

    private static SortedMap<String, PipelineConfig> pipelines(Section top) {
        SortedMap<String, PipelineConfig> pipelines = new TreeMap<>();
        Section section = top.section("pipelines");
        section.sections().forEach((name, entry) -> {
            if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")) {
                section.wrong(
                        name,
                        "\"" + name + "\" is not a name for a pipeline",
                        "use letters, digits, dots, hyphens and underscores");
            }
            pipelines.put(name, new PipelineSection(entry).read());
        });
        if (pipelines.isEmpty()) {
            top.missing("pipelines", "pipelines: {orders: {topics: [orders], table: shop.orders}}");
        }
        sharedTables(section, pipelines);
        return pipelines;
    }

    /** Two pipelines of one process on one table would race each other at every tick. */
    private static void sharedTables(Section section, SortedMap<String, PipelineConfig> pipelines) {
        SortedMap<String, String> owners = new TreeMap<>();
        pipelines.forEach((name, pipeline) -> {
            for (String table : pipeline.tables()) {
                String owner = owners.putIfAbsent(table, name);
                if (owner != null && !pipeline.table().isEmpty()) {
                    section.wrong(
                            name,
                            "the pipelines " + owner + " and " + name + " both write " + table,
                            "give each its table, or one pipeline both topics: topics: " + List.of("a", "b"));
                }
            }
        });
    }
}
