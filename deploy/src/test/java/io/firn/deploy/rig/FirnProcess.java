package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Firn as people run it: a process of its own with a configuration file. Started again after every fault; the log goes
 * on in the same file.
 */
public final class FirnProcess implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("HTTP on port (\\d+)");
    private final String name;
    private final Path config;
    private final Path logs;
    private final List<String> flags;
    private Map<String, String> environment = Map.of();
    private @Nullable OsProcess process;
    private int outputBefore;
    private boolean archiving;

    private FirnProcess(String name, Path config, Path logs, List<String> flags) {
        this.name = name;
        this.config = config;
        this.logs = logs;
        this.flags = flags;
    }

    /**
     * Ready to be started.
     *
     * @param name of its log file
     * @param flags of the JVM, as {@code -Xmx256m}
     */
    public static FirnProcess of(String name, Path config, Path logs, String... flags) {
        List<String> all = new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
        all.addAll(List.of(flags));
        return new FirnProcess(name, config, logs, all);
    }

    /** With these variables besides its own, which a configuration may name. */
    public FirnProcess with(Map<String, String> variables) {
        environment = Map.copyOf(variables);
        return this;
    }

    /** Whether starts are as short as they can be already: there is an archive of {@link #archiving}. */
    public static boolean hasArchive() {
        return Distribution.hasServiceArchive();
    }

    /** When it ends in order, the classes that it loaded are kept in an archive, for the start of all later ones. */
    public FirnProcess archiving() {
        archiving = true;
        return this;
    }

    /** Writes a configuration of one pipeline and returns the file. */
    public static Path config(
            Path file, Map<String, String> kafka, Map<String, String> catalog, String pipeline, List<String> lines) {
        return config(file, kafka, catalog, Map.of(pipeline, lines));
    }

    /** Writes a configuration and returns the file. */
    public static Path config(
            Path file, Map<String, String> kafka, Map<String, String> catalog, Map<String, List<String>> pipelines) {
        StringBuilder yaml = new StringBuilder("kafka:\n");
        new TreeMap<>(kafka).forEach((key, value) -> yaml.append("  " + key + ": \"" + value + "\"\n"));
        yaml.append("catalog:\n");
        new TreeMap<>(catalog).forEach((key, value) -> yaml.append("  " + key + ": \"" + value + "\"\n"));
        yaml.append("http:\n  listen: 127.0.0.1:0\npipelines:\n");
        new TreeMap<>(pipelines).forEach((name, lines) -> {
            yaml.append("  " + name + ":\n");
            lines.forEach(line -> yaml.append("    " + line + "\n"));
        });
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            return Files.writeString(file, yaml);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Runs one command of Firn to its end and returns it, for exit code and output. */
    public static OsProcess command(String name, Path logs, String... arguments) {
        return command(name, logs, Map.of(), arguments);
    }

    /** As above, with these variables besides. */
    public static OsProcess command(String name, Path logs, Map<String, String> variables, String... arguments) {
        Path log = logs.resolve(name + ".log");
        try {
            Files.deleteIfExists(log);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        OsProcess process = OsProcess.start(
                name,
                log,
                variables,
                commandLine(
                        logs,
                        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
                        Distribution.readFlags(),
                        arguments));
        if (!process.awaitExit(Eventually.PATIENCE)) {
            process.close();
            throw new AssertionError("did not end: " + process.tail());
        }
        process.close();
        return process;
    }

    private static List<String> commandLine(Path logs, List<String> flags, List<String> archive, String... arguments) {
        List<String> all = new ArrayList<>(flags);
        all.addAll(archive);
        List<String> command =
                new ArrayList<>(OsProcess.java(logs, Distribution.classPath(), all.toArray(String[]::new)));
        command.add("io.firn.deploy.Main");
        command.addAll(List.of(arguments));
        return command;
    }

    /** Starts it; returns at once. */
    public FirnProcess start() {
        outputBefore = said(logs.resolve(name + ".log"));
        process = OsProcess.start(
                name,
                logs.resolve(name + ".log"),
                environment,
                commandLine(
                        logs,
                        flags,
                        archiving ? Distribution.archivingFlags() : Distribution.archiveFlags(config, logs),
                        "run",
                        "--config",
                        config.toString()));
        return this;
    }

    /** Logs outlive the run that wrote them: how much of one there is already. */
    private static int said(Path log) {
        try {
            return Files.exists(log) ? new String(Files.readAllBytes(log), StandardCharsets.UTF_8).length() : 0;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public OsProcess process() {
        OsProcess running = process;
        if (running == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return running;
    }

    /** Waits until it was given partitions: from then on faults meet a process that works. */
    public void awaitJoined() {
        Eventually.holds(name + " is given partitions", Eventually.PATIENCE, this::hasJoined, this::tail);
    }

    /** Whether it was given partitions since it was started last. */
    public boolean hasJoined() {
        return outputSinceStart().contains(": assigned [");
    }

    /** What it has said since it was started last. */
    public String outputSinceStart() {
        return process().output().substring(outputBefore);
    }

    /** Whether its HTTP service has a port by now. */
    public boolean listens() {
        return PORT.matcher(outputSinceStart()).find();
    }

    /** An address of its HTTP service; waits until it listens. */
    public String url(String path) {
        Eventually.holds("it listens", Eventually.PATIENCE, this::listens);
        Matcher port = PORT.matcher(outputSinceStart());
        return port.find() ? "http://127.0.0.1:" + port.group(1) + path : "";
    }

    public boolean isAlive() {
        return process != null && process.isAlive();
    }

    public void kill9() {
        process().close();
    }

    /** Freezes it, as a long garbage collection or a suspended machine does. */
    public void freeze() {
        process().signal("STOP");
    }

    public void thaw() {
        process().signal("CONT");
    }

    /** SIGTERM, and waits. @return the exit code */
    public int terminate() {
        process().signal("TERM");
        // The archive is written at the very end, which takes its time.
        if (!process().awaitExit(Duration.ofMinutes(archiving ? 5 : 1))) {
            throw new AssertionError("did not stop in time after SIGTERM: " + tail());
        }
        return process().exitCode();
    }

    public String tail() {
        return process().tail();
    }

    /** The tail, and where its threads stand: for what should go on and does not. */
    public String tailAndThreads() {
        return tail() + "\n" + process().threads();
    }

    public String name() {
        return name;
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
    }
}
