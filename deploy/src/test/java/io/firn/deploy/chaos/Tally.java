package io.firn.deploy.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What came of every fault so far, one a line of a file that later runs go on with:
 * {@code seed,chapter,lake,fault,lost,doubled,hung,recovery in ms}. Safe for use by several threads.
 */
final class Tally {
    private final Path file;

    private record Line(FaultKind kind, long lost, long doubled, boolean hung, long recoveryMillis) {}

    Tally(Path file) {
        this.file = file;
    }

    synchronized void add(long seed, int chapter, String lake, Verdict verdict) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < verdict.met().size(); i++) {
            Met met = verdict.met().get(i);
            lines.append(String.join(
                            ",",
                            Long.toString(seed),
                            Integer.toString(chapter),
                            lake,
                            met.strike().kind().flag(),
                            Long.toString(verdict.during(i, verdict.lost())),
                            Long.toString(verdict.during(i, verdict.doubled())),
                            met.hung() ? "1" : "0",
                            Long.toString(met.recoveryMillis())))
                    .append('\n');
        }
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** A line a kind, for people and for Markdown. */
    synchronized String table() {
        Map<FaultKind, List<Line>> byKind = new EnumMap<>(FaultKind.class);
        read().forEach(line ->
                byKind.computeIfAbsent(line.kind(), kind -> new ArrayList<>()).add(line));
        StringBuilder table = new StringBuilder("| fault | times | lost | doubled | hung | recovery p50 | max |\n"
                + "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        byKind.forEach((kind, lines) -> {
            long[] recoveries = lines.stream()
                    .filter(line -> !line.hung())
                    .mapToLong(Line::recoveryMillis)
                    .sorted()
                    .toArray();
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %d | %d | %d | %s | %s |%n",
                    kind.text(),
                    lines.size(),
                    lines.stream().mapToLong(Line::lost).sum(),
                    lines.stream().mapToLong(Line::doubled).sum(),
                    lines.stream().filter(Line::hung).count(),
                    recoveries.length == 0 ? "" : seconds(recoveries[(recoveries.length - 1) / 2]),
                    recoveries.length == 0 ? "" : seconds(recoveries[recoveries.length - 1])));
        });
        return table.toString();
    }

    /** Writes the table to a file. */
    synchronized void write(Path to) {
        try {
            Files.writeString(to, table());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String seconds(long millis) {
        return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }

    private List<Line> read() {
        try {
            return Files.exists(file)
                    ? Files.readAllLines(file).stream().map(Tally::parse).toList()
                    : List.of();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static Line parse(String text) {
        String[] fields = text.split(",");
        return new Line(
                FaultKind.parse(fields[3]).get(0),
                Long.parseLong(fields[4]),
                Long.parseLong(fields[5]),
                fields[6].equals("1"),
                Long.parseLong(fields[7]));
    }
}
