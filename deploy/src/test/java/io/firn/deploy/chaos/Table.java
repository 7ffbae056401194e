package io.firn.deploy.chaos;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What was tried, as Markdown. */
final class Table {
    private static final String LONG_HEAD = "| fault | times | lost | doubled | hung | recovery p50 | max |\n"
            + "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";

    private Table() {}

    /** A row a kind. */
    static String of(Collection<Tried> all) {
        return LONG_HEAD + rows(all, Tried::kind, FaultKind::text);
    }

    /** A row a group of kinds, and one for all of them. */
    static String brief(Collection<Tried> all) {
        return LONG_HEAD
                + rows(all, each -> each.kind().group(), FaultKind.Group::text)
                + (all.isEmpty() ? "" : row("all", Tried.sum(all)));
    }

    private static <K extends Comparable<K>> String rows(
            Collection<Tried> all, Function<Tried, K> by, Function<K, String> name) {
        Map<K, List<Tried>> rows = new TreeMap<>(all.stream().collect(Collectors.groupingBy(by)));
        return rows.entrySet().stream()
                .map(row -> row(name.apply(row.getKey()), Tried.sum(row.getValue())))
                .collect(Collectors.joining());
    }

    private static String row(String name, Tried sum) {
        return String.format(
                Locale.ROOT,
                "| %s | %,d | %d | %d | %d | %s | %s |%n",
                name,
                sum.times(),
                sum.lost(),
                sum.doubled(),
                sum.hung(),
                seconds(sum.medianMillis()),
                seconds(sum.mostMillis()));
    }

    private static String seconds(long millis) {
        return millis < 0 ? "" : String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
}
