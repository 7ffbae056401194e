package io.firn.deploy.chaos;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * How often a kind of fault was met, and what came of it.
 *
 * @param date of the run
 * @param seed of the run
 * @param medianMillis of the recoveries; negative where there is none, since all hung
 * @param mostMillis of the recoveries
 */
record Tried(
        String date,
        long seed,
        String lake,
        String mode,
        FaultKind kind,
        long times,
        long lost,
        long doubled,
        long hung,
        long medianMillis,
        long mostMillis) {
    /** As it is in the repository's file. */
    static final String HEADER = "date,seed,lake,mode,fault,times,lost,doubled,hung,p50 ms,max ms";

    /** What is summed up in one line. */
    String place() {
        return run() + "," + lake + "," + mode + "," + kind.flag();
    }

    /** Which run it is of. */
    String run() {
        return date + "," + seed;
    }

    String line() {
        return place() + "," + times + "," + lost + "," + doubled + "," + hung + "," + medianMillis + "," + mostMillis;
    }

    static Tried parse(String line) {
        String[] fields = line.split(",");
        return new Tried(
                fields[0],
                Long.parseLong(fields[1]),
                fields[2],
                fields[3],
                FaultKind.parse(fields[4]).get(0),
                Long.parseLong(fields[5]),
                Long.parseLong(fields[6]),
                Long.parseLong(fields[7]),
                Long.parseLong(fields[8]),
                Long.parseLong(fields[9]),
                Long.parseLong(fields[10]));
    }

    /**
     * Of all together: the median is exact where each was met once, else the median of medians, by how many they are
     * of.
     */
    static Tried sum(Collection<Tried> parts) {
        Tried any = parts.iterator().next();
        return new Tried(
                any.date(),
                any.seed(),
                any.lake(),
                any.mode(),
                any.kind(),
                parts.stream().mapToLong(Tried::times).sum(),
                parts.stream().mapToLong(Tried::lost).sum(),
                parts.stream().mapToLong(Tried::doubled).sum(),
                parts.stream().mapToLong(Tried::hung).sum(),
                median(parts),
                parts.stream().mapToLong(Tried::mostMillis).max().orElse(-1));
    }

    private static long median(Collection<Tried> parts) {
        List<Tried> recovered = parts.stream()
                .filter(part -> part.times() > part.hung())
                .sorted(Comparator.comparingLong(Tried::medianMillis))
                .toList();
        long all =
                recovered.stream().mapToLong(part -> part.times() - part.hung()).sum();
        long below = 0;
        for (Tried part : recovered) {
            below += part.times() - part.hung();
            if (2 * below >= all) {
                return part.medianMillis();
            }
        }
        return -1;
    }
}
