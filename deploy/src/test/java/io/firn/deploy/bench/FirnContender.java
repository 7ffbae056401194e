package io.firn.deploy.bench;

import io.firn.deploy.rig.Distribution;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The packed service as people install and start it, with its archive of classes. */
final class FirnContender implements Contender {
    private final Map<String, String> kafka;

    FirnContender() {
        this(Map.of());
    }

    /** @param kafka properties of its clients besides the broker's address */
    FirnContender(Map<String, String> kafka) {
        this.kafka = kafka;
    }

    @Override
    public String name() {
        return "firn";
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
    public OsProcess start(Run run) {
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
        Map<String, String> environment = new HashMap<>();
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("FIRN_OPTS", run.options().firnOpts);
        if (run.options().firnHeap != null) {
            environment.put("FIRN_HEAP_OPTS", run.options().firnHeap);
        }
        return OsProcess.start(
                name(),
                run.directory().resolve("firn.log"),
                environment,
                List.of(Distribution.script().toString(), "run", "--config", config.toString()));
    }
}
