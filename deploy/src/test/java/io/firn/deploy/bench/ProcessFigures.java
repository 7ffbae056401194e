package io.firn.deploy.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a process has cost so far. Linux alone tells.
 *
 * @param cpuSeconds user and system, of all threads there ever were
 * @param peakMebibytes the most memory that was resident
 */
record ProcessFigures(double cpuSeconds, long peakMebibytes) {
    private static final double TICKS_PER_SECOND = 100;
    private static final int USER_TICKS = 11;

    static ProcessFigures of(long pid) throws IOException {
        Path process = Path.of("/proc", Long.toString(pid));
        String stat = Files.readString(process.resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        double cpu = (Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[USER_TICKS + 1])) / TICKS_PER_SECOND;
        long peak = Files.readAllLines(process.resolve("status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElse(0);
        return new ProcessFigures(cpu, peak);
    }
}
