package io.firn.deploy.bench;

import io.firn.deploy.rig.OsProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One part of the work alone. */
final class FloorContender implements Contender {
    private final String name;

    /** @param name {@code consume} or {@code write}, see {@link FloorMain} */
    FloorContender(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void prepare() {
        // it is on the bench's own class path
    }

    @Override
    public boolean writesTable() {
        return false;
    }

    @Override
    public void before(Run run) {
        BenchTable.in(run.lake()).create(run.shape());
    }

    @Override
    public OsProcess start(Run run) {
        List<String> command = new ArrayList<>(OsProcess.java(
                run.directory(),
                System.getProperty("java.class.path"),
                "-Xmx" + run.options().heap,
                "-XX:+UseParallelGC"));
        command.add(FloorMain.class.getName());
        String records = Long.toString(run.records());
        command.addAll(
                name.equals("consume")
                        ? List.of(name, run.bootstrap(), run.topic(), records)
                        : List.of(
                                name,
                                run.shape().topic(),
                                records,
                                run.directory().toString()));
        return OsProcess.start(name, run.directory().resolve(name + ".log"), Map.of(), command);
    }
}
