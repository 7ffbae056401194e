package io.firn.deploy.bench;

import java.util.Locale;

/**
 * What one run cost. A floor has neither files nor snapshots.
 *
 * @param seconds from the process's start until everything was committed
 * @param firstCommitSeconds from the process's start until rows could be read
 */
record RunFigures(
        String contender,
        Shape shape,
        long records,
        double seconds,
        double firstCommitSeconds,
        double cpuSeconds,
        long peakMebibytes,
        long files,
        long snapshots) {
    static final String HEADER =
            "contender\tshape\trecords\tseconds\tfirst commit s\tCPU-s\tpeak RSS MiB\tfiles\tsnapshots";

    double cpuSecondsPerMillion() {
        return cpuSeconds * 1e6 / records;
    }

    double recordsPerSecond() {
        return records / seconds;
    }

    String line() {
        return String.format(
                Locale.ROOT,
                "%s\t%s\t%d\t%.1f\t%.1f\t%.1f\t%d\t%d\t%d",
                contender,
                shape.topic(),
                records,
                seconds,
                firstCommitSeconds,
                cpuSeconds,
                peakMebibytes,
                files,
                snapshots);
    }
}
