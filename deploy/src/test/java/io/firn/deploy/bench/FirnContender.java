package io.firn.deploy.bench;

import io.firn.deploy.UnguardedMain;
import io.firn.deploy.rig.Distribution;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.OsProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The packed service as people install and start it, with its archive of classes. */
final class FirnContender implements Contender {
    private static final String UNGUARDED = "unguarded";

    private final String name;
    private final Map<String, String> kafka;

    FirnContender() {
        this("firn", Map.of());
    }

    /** @param kafka properties of its clients besides the broker's address */
    FirnContender(Map<String, String> kafka) {
        this("firn", kafka);
    }

    private FirnContender(String name, Map<String, String> kafka) {
        this.name = name;
        this.kafka = kafka;
    }

    /** The same classes with the same flags, but for ledger and fence: {@link UnguardedMain}. */
    static FirnContender unguarded() {
        return new FirnContender(UNGUARDED, Map.of());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void prepare() throws IOException {
        if (!Files.isExecutable(Distribution.script())) {
            throw new IOException("the distribution is not packed: " + Distribution.script());
        }
        Path archive = Distribution.script().resolveSibling("firn-archive");
        OsProcess made = OsProcess.start(
                "firn-archive",
                Files.createTempFile("firn-archive", ".log"),
                Map.of("JAVA_HOME", System.getProperty("java.home")),
                List.of(archive.toString()));
        if (!made.awaitExit(Duration.ofMinutes(2)) || made.exitCode() != 0) {
            throw new IOException("no archive of classes was made: " + made.tail());
        }
    }

    @Override
    public boolean writesTable() {
        return true;
    }

    /** It makes its table itself. */
    @Override
    public void before(Run run) {
        // nothing to make
    }

    @Override
    public OsProcess start(Run run) throws IOException {
        List<String> pipeline = new ArrayList<>(List.of(
                "topics: [" + run.topic() + "]",
                "format: json",
                "table: " + Run.NAMESPACE + "." + Run.TABLE,
                "start: earliest",
                "schema: \"" + run.shape().firnSchema() + "\"",
                "commit: {interval: " + run.commitSeconds() + "s}"));
        pipeline.addAll(run.options().firnLines);
        Map<String, String> clients = new HashMap<>(kafka);
        clients.put("bootstrap.servers", run.bootstrap());
        Path config = FirnProcess.config(
                run.directory().resolve("firn.yaml"), clients, run.lake().properties(), "orders", pipeline);
        if (run.options().firnMemory != null) {
            Files.writeString(config, "memory: " + run.options().firnMemory + "\n", StandardOpenOption.APPEND);
        }
        Map<String, String> environment = new HashMap<>();
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("FIRN_OPTS", run.options().firnOpts);
        if (run.options().firnHeap != null) {
            environment.put("FIRN_HEAP_OPTS", run.options().firnHeap);
        }
        List<String> command = new ArrayList<>(
                name.equals(UNGUARDED)
                        ? unguarded(run)
                        : List.of(Distribution.script().toString()));
        command.addAll(List.of("run", "--config", config.toString()));
        return OsProcess.start(name(), run.directory().resolve("firn.log"), environment, command);
    }

    /** What the script would start, with one more folder of classes at the end of the path. */
    private static List<String> unguarded(Run run) throws IOException {
        Path home = Distribution.script().resolveSibling("..").toRealPath();
        List<String> path = new ArrayList<>();
        try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
            jars.map(Path::toString)
                    .filter(jar -> jar.endsWith(".jar"))
                    .sorted()
                    .forEach(path::add);
        }
        path.add(Path.of("target", "test-classes").toRealPath().toString());
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + home.resolve("conf").resolve("service.jvm"),
                "-Xms192m",
                run.options().firnHeap == null ? "-Xmx1g" : run.options().firnHeap,
                "-Xshare:auto",
                "-Dfile.encoding=UTF-8",
                "-XX:SharedArchiveFile=" + home.resolve("lib").resolve("firn.jsa"),
                "-Xlog:cds=off",
                "-Xlog:cds+dynamic=off",
                "-cp",
                String.join(File.pathSeparator, path),
                UnguardedMain.class.getName());
    }
}
