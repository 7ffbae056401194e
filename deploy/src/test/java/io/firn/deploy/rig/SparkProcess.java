package io.firn.deploy.rig;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Queries of Spark's, each batch by a process of its own, over a SQLite catalog that it knows as {@code firn}. */
public final class SparkProcess {
    private static final String POM = "bench/spark/pom.xml";
    private static final List<String> OPENED = List.of(
            "java.lang",
            "java.lang.invoke",
            "java.lang.reflect",
            "java.io",
            "java.net",
            "java.nio",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "sun.nio.ch",
            "sun.nio.cs",
            "sun.security.action",
            "sun.util.calendar");

    private SparkProcess() {}

    /**
     * @param lake the folder of {@link Lake#sqlite}
     * @return of each query its rows, of each row its values
     */
    public static List<List<List<String>>> query(Path lake, Path logs, String... queries) throws IOException {
        return query(lake.toString(), Map.of(), logs, queries);
    }

    /** The same through an Iceberg REST endpoint. */
    public static List<List<List<String>>> query(URI endpoint, String token, Path logs, String... queries)
            throws IOException {
        return query(endpoint.toString(), Map.of("FIRN_TOKEN", token), logs, queries);
    }

    private static List<List<List<String>>> query(
            String lake, Map<String, String> environment, Path logs, String... queries) throws IOException {
        String jars = FetchedJars.classPath("spark", POM, logs, "compile");
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g"));
        OPENED.forEach(name -> command.add("--add-opens=java.base/" + name + "=ALL-UNNAMED"));
        command.addAll(List.of("-cp", Path.of("bench/spark/target/classes").toAbsolutePath() + ":" + jars));
        command.addAll(List.of("io.firn.bench.SparkBench", "query", lake));
        command.addAll(List.of(queries));
        List<List<List<String>>> answers = new ArrayList<>();
        Files.deleteIfExists(logs.resolve("spark.log"));
        try (OsProcess spark = OsProcess.start("spark", logs.resolve("spark.log"), environment, command)) {
            if (!spark.awaitExit(Duration.ofMinutes(5)) || spark.exitCode() != 0) {
                throw new AssertionError("Spark does not answer: " + spark.tail());
            }
            for (String line : spark.output().lines().toList()) {
                if (line.startsWith("query ")) {
                    answers.add(new ArrayList<>());
                } else if (line.startsWith("row\t")) {
                    answers.get(answers.size() - 1)
                            .add(List.of(line.substring(4).split("\t", -1)));
                }
            }
        }
        return answers;
    }
}
