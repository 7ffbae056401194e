package io.firn.deploy.bench;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Medians of all rounds, as a table in Markdown. */
final class BenchReport {
    private final List<RunFigures> runs;
    private final Shape shape;
    private final FilledTopics topics;

    BenchReport(List<RunFigures> runs, Shape shape, FilledTopics topics) {
        this.runs = runs.stream().filter(run -> run.shape() == shape).toList();
        this.shape = shape;
        this.topics = topics;
    }

    String table(Collection<String> contenders) {
        long most = runs.stream().mapToLong(RunFigures::records).max().orElse(0);
        long least = runs.stream().mapToLong(RunFigures::records).min().orElse(0);
        double bytes = (double) topics.bytes(topics.topic(shape, most)) / Math.max(1, most);
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%,d %s records of %.0f bytes, medians of %d%n%n"
                        + "| | records/s | MB/s | CPU-s/M | to firn | warm CPU-s/M | peak RSS MiB | first commit s"
                        + " | files / snapshots |%n| --- | --- | --- | --- | --- | --- | --- | --- | --- |%n",
                most,
                shape.topic(),
                bytes,
                count(contenders.iterator().next(), most)));
        double firn = median("firn", most, RunFigures::cpuSecondsPerMillion);
        for (String name : contenders) {
            double rate = median(name, most, RunFigures::recordsPerSecond);
            double cpu = median(name, most, RunFigures::cpuSecondsPerMillion);
            double warm = least == most
                    ? Double.NaN
                    : (median(name, most, RunFigures::cpuSeconds) - median(name, least, RunFigures::cpuSeconds))
                            * 1e6
                            / (most - least);
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %,.0f | %.0f | %.2f | %.2f | %.2f | %.0f | %.1f | %.0f / %.0f |%n",
                    name,
                    rate,
                    rate * bytes / 1e6,
                    cpu,
                    cpu / firn,
                    warm,
                    median(name, most, RunFigures::peakMebibytes),
                    median(name, most, RunFigures::firstCommitSeconds),
                    median(name, most, RunFigures::files),
                    median(name, most, RunFigures::snapshots)));
        }
        return text.toString();
    }

    private int count(String contender, long records) {
        return values(contender, records, RunFigures::seconds).length;
    }

    private double median(String contender, long records, ToDoubleFunction<RunFigures> figure) {
        double[] values = values(contender, records, figure);
        return values.length == 0 ? Double.NaN : values[values.length / 2];
    }

    private double[] values(String contender, long records, ToDoubleFunction<RunFigures> figure) {
        return runs.stream()
                .filter(run -> run.contender().equals(contender) && run.records() == records)
                .mapToDouble(figure)
                .sorted()
                .toArray();
    }
}
