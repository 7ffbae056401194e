package io.firn.deploy.bench;

import io.firn.deploy.rig.FetchedJars;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Another engine, from public packages named in {@code deploy/bench/MODULE/pom.xml}. */
abstract class PeerContender implements Contender {
    private final String name;
    private final String module;
    private String classPath = "";

    PeerContender(String name, String module) {
        this.name = name;
        this.module = module;
    }

    /** Main class and arguments; may write files of its own into the run's directory. */
    abstract List<String> main(Run run) throws IOException;

    /** Packages of {@code java.base} that it opens by reflection. */
    List<String> opens() {
        return List.of();
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final boolean writesTable() {
        return true;
    }

    @Override
    public final void prepare() throws IOException {
        Path folder = Path.of("bench", module).toAbsolutePath();
        String jars = FetchedJars.classPath(
                "bench-" + name, folder.resolve("pom.xml").toString(), OsProcess.logs("bench"), "compile");
        Path classes = folder.resolve("target").resolve("classes");
        classPath = Files.isDirectory(classes) ? classes + ":" + jars : jars;
    }

    @Override
    public void before(Run run) throws IOException {
        BenchTable.in(run.lake()).create(run.shape());
    }

    @Override
    public final OsProcess start(Run run) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + run.options().heap));
        opens().forEach(opened -> command.add("--add-opens=java.base/" + opened + "=ALL-UNNAMED"));
        command.addAll(List.of("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classPath));
        command.addAll(main(run));
        return OsProcess.start(name, run.directory().resolve(name + ".log"), Map.of(), command);
    }
}
