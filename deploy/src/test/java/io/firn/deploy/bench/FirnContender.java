package io.firn.deploy.bench;

import io.firn.deploy.rig.Distribution;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The packed service as people start it. */
final class FirnContender implements Contender {
    @Override
    public String name() {
        return "firn";
    }

    @Override
    public void prepare() throws IOException {
        if (!Files.isExecutable(Distribution.script())) {
            throw new IOException("the distribution is not packed: " + Distribution.script());
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
        Path config = FirnProcess.config(
                run.directory().resolve("firn.yaml"),
                Map.of("bootstrap.servers", run.bootstrap()),
                run.lake().properties(),
                "orders",
                pipeline);
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
