package io.firn.deploy.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What came of every fault so far, one a line of a file that later runs go on with:
 * {@code date,seed,chapter,lake,mode,fault,lost,doubled,hung,recovery in ms}. Safe for use by several threads.
 */
final class Tally {
    private static final int FIELDS = 10;

    private final Path file;

    /** One table of a run. */
    record Source(long seed, int chapter, String lake, boolean keyed) {}

    Tally(Path file) {
        this.file = file;
    }

    synchronized void add(Source source, Verdict verdict) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < verdict.met().size(); i++) {
            Met met = verdict.met().get(i);
            lines.append(String.join(
                            ",",
                            LocalDate.now().toString(),
                            Long.toString(source.seed()),
                            Integer.toString(source.chapter()),
                            source.lake(),
                            source.keyed() ? "upsert" : "append",
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

    /** For people and for Markdown. */
    synchronized String table() {
        return Table.of(read());
    }

    /** Writes the table to a file. */
    synchronized void write(Path to) {
        try {
            Files.writeString(to, table());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** One line a run, lake, mode and kind. */
    synchronized List<Tried> condensed() {
        Map<String, List<Tried>> alike = new TreeMap<>();
        read().forEach(each ->
                alike.computeIfAbsent(each.place(), place -> new ArrayList<>()).add(each));
        return alike.values().stream().map(Tried::sum).toList();
    }

    private List<Tried> read() {
        try {
            return Files.exists(file)
                    ? Files.readAllLines(file).stream().map(Tally::parse).toList()
                    : List.of();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static Tried parse(String text) {
        String[] fields = text.split(",");
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException("not a line of a tally: " + text);
        }
        long recovery = Long.parseLong(fields[9]);
        return new Tried(
                fields[0],
                Long.parseLong(fields[1]),
                fields[3],
                fields[4],
                FaultKind.parse(fields[5]).get(0),
                1,
                Long.parseLong(fields[6]),
                Long.parseLong(fields[7]),
                Long.parseLong(fields[8]),
                recovery,
                recovery);
    }
}
