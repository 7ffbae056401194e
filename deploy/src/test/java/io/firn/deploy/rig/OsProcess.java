package io.firn.deploy.rig;

import io.firn.catalog.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A process that this test JVM started, with its output in a file. It is killed by its own handle: in {@link #close},
 * or when the test JVM ends first.
 */
public final class OsProcess implements AutoCloseable {
    private static final Set<Path> EMPTIED = ConcurrentHashMap.newKeySet();

    private final String name;
    private final Path log;
    private final Process process;
    private final Thread hook;

    private OsProcess(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
        this.hook = new Thread(process::destroyForcibly, "kill-" + name);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Starts the command; both outputs are appended to the log. */
    public static OsProcess start(String name, Path log, Map<String, String> environment, List<String> command) {
        try {
            Files.createDirectories(log.toAbsolutePath().getParent());
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().putAll(environment);
            return new OsProcess(name, log, builder.start());
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot start " + name, failed);
        }
    }

    /** The command line of a JVM like this one, up to the class path. */
    public static List<String> java(Path logDirectory, String classPath, String... flags) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // In this order: a test may name another logging configuration.
        command.add("-Dlogback.configurationFile=" + quietLogging(logDirectory));
        command.addAll(List.of(flags));
        command.add("-cp");
        command.add(classPath);
        return command;
    }

    /** As {@link FreePorts#take}. */
    public static int freePort() {
        return FreePorts.take();
    }

    /**
     * Where logs of the rig go, under the module's build directory. Logs of an earlier run are deleted: a test that
     * searches a log must not find the lines of another run.
     */
    public static Path logs(String test) {
        Path directory = Path.of("target", "rig-logs", test).toAbsolutePath();
        if (EMPTIED.add(directory) && Files.exists(directory)) {
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path file : all.filter(Files::isRegularFile).toList()) {
                    Files.delete(file);
                }
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
        return directory;
    }

    private static Path quietLogging(Path directory) {
        Path file = directory.resolve("logback-rig.xml");
        try {
            Files.createDirectories(directory);
            // Another process may be about to read it: it is whole at any time.
            Path fresh = Files.createTempFile(directory, "logback", ".xml");
            Files.writeString(fresh, """
                    <configuration>
                      <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
                        <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{20} %msg%n</pattern></encoder>
                      </appender>
                      <root level="WARN"><appender-ref ref="OUT"/></root>
                      <logger name="io.firn" level="INFO"/>
                      <logger name="org.apache.kafka.clients.consumer.ConsumerConfig" level="ERROR"/>
                    </configuration>
                    """);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return file;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public int exitCode() {
        return process.exitValue();
    }

    /** @return whether it ended in time */
    public boolean awaitExit(Duration atMost) {
        try {
            return process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Sends a signal by name, as {@code STOP}, {@code CONT}, {@code TERM}, {@code KILL}. */
    public void signal(String signal) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid())).start();
            kill.waitFor();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** {@code kill -9}, and waits until it is gone. */
    public void kill9() {
        process.destroyForcibly();
        awaitExit(Duration.ofSeconds(20));
    }

    public Path log() {
        return log;
    }

    /** Everything written so far. */
    public String output() {
        try {
            return Files.exists(log) ? new String(Files.readAllBytes(log), StandardCharsets.UTF_8) : "";
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The last lines of the output, for failure messages. */
    public String tail() {
        String text = output();
        return name + " (" + log + "):\n" + text.substring(Math.max(0, text.length() - 4000));
    }

    /** Where the threads of a JVM stand, for what hangs; empty where it does not answer. */
    public String threads() {
        try {
            Process jcmd = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                    .toString(),
                            Long.toString(pid()),
                            "Thread.print")
                    .redirectErrorStream(true)
                    .start();
            String output = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            jcmd.waitFor();
            return output;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    @Override
    public void close() {
        kill9();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException endingAlready) {
            // the hook runs now and finds the process gone
        }
    }
}
