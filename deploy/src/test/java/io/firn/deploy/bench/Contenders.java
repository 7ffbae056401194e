package io.firn.deploy.bench;

import java.util.List;

/** Everybody who can be measured. */
final class Contenders {
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

    private Contenders() {}

    /** @throws IllegalArgumentException if there is nobody of that name */
    static Contender named(String name) {
        return switch (name) {
            case "firn" -> new FirnContender();
            case "unguarded" -> FirnContender.unguarded();
            case "connect" -> new ConnectContender();
            case "flink" -> new MainContender("flink", "flink", "io.firn.bench.FlinkBench", OPENED);
            case "spark" -> new MainContender("spark", "spark-stream", "io.firn.bench.SparkStream", OPENED);
            case "consume", "write" -> new FloorContender(name);
            default -> throw new IllegalArgumentException("no contender is called " + name);
        };
    }
}
