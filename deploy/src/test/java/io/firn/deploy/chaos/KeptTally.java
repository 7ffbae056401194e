package io.firn.deploy.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The repository's own tally, {@code deploy/chaos/tally.csv}: a line a run, lake, mode and kind of fault. */
final class KeptTally {
    private final Path file;

    KeptTally(Path file) {
        this.file = file;
    }

    List<Tried> lines() throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        return Files.readAllLines(file).stream()
                .filter(line -> !line.isBlank() && !line.equals(Tried.HEADER))
                .map(Tried::parse)
                .toList();
    }

    /** Adds runs, each in place of what there is of it already. */
    void keep(List<Tried> more) throws IOException {
        Set<String> runs = more.stream().map(Tried::run).collect(Collectors.toSet());
        TreeMap<String, Tried> all = new TreeMap<>();
        for (Tried each : lines()) {
            if (!runs.contains(each.run())) {
                all.put(each.place(), each);
            }
        }
        more.forEach(each -> all.put(each.place(), each));
        List<String> text = new ArrayList<>(List.of(Tried.HEADER));
        all.values().forEach(each -> text.add(each.line()));
        Files.writeString(file, String.join("\n", text) + "\n");
    }
}
