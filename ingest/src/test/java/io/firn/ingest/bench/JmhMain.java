package io.firn.ingest.bench;

import java.io.IOException;

/** Runs the benchmarks; arguments as JMH takes them. */
public final class JmhMain {
    private JmhMain() {}

    public static void main(String[] args) throws IOException {
        org.openjdk.jmh.Main.main(args);
    }
}
