package io.firn.ingest.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The same benchmarks by CPU time of the process, garbage collection included, one after the other in turn: what JMH's
 * clock cannot tell on a machine that others use at the same time.
 */
public final class CpuTimes {
    private static final int ROUNDS = 7;
    private static final OperatingSystemMXBean PROCESS =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private CpuTimes() {}

    private interface Body {
        void run() throws IOException;
    }

    public static void main(String[] args) throws IOException {
        HotPathBenchmark benchmark = new HotPathBenchmark();
        benchmark.createTable();
        Blackhole hole = new Blackhole(
                "Today's password is swordfish. I understand instantiating Blackholes directly is dangerous.");
        Map<String, Body> bodies = new LinkedHashMap<>();
        bodies.put("decodeFirn", () -> benchmark.decodeFirn(hole));
        bodies.put("decodeBaseline", () -> benchmark.decodeBaseline(hole));
        bodies.put("bothFirn", benchmark::bothFirn);
        bodies.put("bothBaseline", benchmark::bothBaseline);
        if (args.length > 0) {
            bodies.keySet().retainAll(Arrays.asList(args));
        }
        for (int i = 0; i < ROUNDS; i++) {
            for (Body body : bodies.values()) {
                body.run();
            }
        }
        for (Map.Entry<String, Body> entry : bodies.entrySet()) {
            long[] nanos = new long[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                long before = PROCESS.getProcessCpuTime();
                entry.getValue().run();
                nanos[i] = PROCESS.getProcessCpuTime() - before;
            }
            Arrays.sort(nanos);
            System.out.printf(
                    "%-16s %,12d rows a CPU second (median of %d)%n",
                    entry.getKey(), Orders.COUNT * 1_000_000_000L / nanos[ROUNDS / 2], ROUNDS);
        }
    }
}
