package io.firn.compaction.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What this process has cost so far, by what its threads are for. Linux alone tells. */
final class ProcessCost {
    private static final double TICKS_PER_SECOND = 100;

    private ProcessCost() {}

    /** User and system seconds since the process was started. */
    static double cpuSeconds() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime() / 1e9;
    }

    /** Seconds of the compilers, of the garbage collector, and of everything else that still runs. */
    static String cpuByThreads() throws IOException {
        Map<String, Double> seconds = new TreeMap<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                String stat = Files.readString(task.resolve("stat"));
                String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
                List<String> rest =
                        List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
                double spent = (Long.parseLong(rest.get(11)) + Long.parseLong(rest.get(12))) / TICKS_PER_SECOND;
                seconds.merge(purpose(name), spent, Double::sum);
            }
        }
        StringBuilder text = new StringBuilder();
        seconds.forEach((purpose, spent) -> text.append(String.format(Locale.ROOT, "%s %.1f  ", purpose, spent)));
        return text.toString().trim();
    }

    private static String purpose(String thread) {
        if (thread.startsWith("C1 ") || thread.startsWith("C2 ")) {
            return "compilers";
        }
        return thread.startsWith("GC") || thread.startsWith("G1") || thread.startsWith("VM Thread") ? "gc" : "work";
    }

    /** The most memory that was resident at any time. */
    static String peakRss() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024 + " MiB")
                .findFirst()
                .orElse("unknown");
    }
}
