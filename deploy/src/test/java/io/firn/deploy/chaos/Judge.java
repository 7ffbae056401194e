package io.firn.deploy.chaos;

import io.firn.catalog.Catalogs;
import io.firn.deploy.cli.ExitCodes;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;

/** Looks at a table from outside, once all is over. */
final class Judge {
    private static final int DELETING = 17;

    private final Surroundings around;
    private final Stage stage;
    private final int keys;
    private final Consumer<String> log;
    private final List<String> wrong = new ArrayList<>();

    /** @param keys that the orders have, where the table is one of a row a key; else 0 */
    Judge(Surroundings around, Stage stage, int keys, Consumer<String> log) {
        this.around = around;
        this.stage = stage;
        this.keys = keys;
        this.log = log;
    }

    /**
     * Every record once and in its place; the audit clean; what anybody was told is so; nothing is left behind after
     * the orphan job, which takes nothing that is needed.
     */
    Verdict verdict(long records, List<Met> met, List<Chapter.Told> told, Removed removed, Path config) {
        TableVerifier verifier = verifier();
        TableVerifier.Report report = verifier.verify();
        Set<String> missing = Set.copyOf(report.missing());
        List<String> lost = report.missing().stream()
                .filter(position -> !removed.asked().contains(position))
                .toList();
        int gone = report.missing().size() - lost.size();
        List<String> back = removed.surely().stream()
                .filter(position -> !missing.contains(position))
                .toList();
        check(back.isEmpty(), "rows that another engine deleted are there again: " + back);
        check(report.unknown().isEmpty(), "rows of records that Kafka does not have: " + report.unknown());
        check(report.beyond().isEmpty(), "rows above the ledger: " + report.beyond());
        check(report.filesTwice().isEmpty(), "files referenced twice: " + report.filesTwice());
        check(
                report.rows() == records - gone,
                report.rows() + " rows of " + records + " records, of which " + gone + " were deleted");
        check(report.lag() == 0, "not drained: " + report.lag());
        watermarks(verifier, told);
        OsProcess audit = stage.audit(config, "--deep");
        // What another engine deleted is a difference, and the audit has to say so.
        check(
                audit.exitCode() == (missing.isEmpty() ? ExitCodes.DONE : ExitCodes.DIFFERENCES),
                "firn audit: " + audit.exitCode() + " " + audit.tail());
        if (keys > 0) {
            fold(records);
        }
        int orphans = verifier.unreferencedFiles().size();
        leftovers();
        check(verifier.verify().equals(report), "not the same any more after the orphan job");
        log.accept("rows " + report.rows() + ", snapshots "
                + around.lake().table(tables().get(0)).history().size() + ", orphans removed " + orphans
                + (wrong.isEmpty() && lost.isEmpty() && report.doubled().isEmpty() && report.lag() == 0
                        ? ", as it must be"
                        : ", NOT CLEAN " + wrong));
        return new Verdict(List.copyOf(met), lost, report.doubled(), List.copyOf(wrong));
    }

    /** Of a table that was not played to its end: what lies below its ledger is there, once, and nothing else is. */
    Verdict soFar(List<Met> met, Removed removed) {
        TableVerifier.Report report = verifier().verify();
        List<String> lost = report.missing().stream()
                .filter(position -> !removed.asked().contains(position))
                .toList();
        check(report.unknown().isEmpty(), "rows of records that Kafka does not have: " + report.unknown());
        check(report.beyond().isEmpty(), "rows above the ledger: " + report.beyond());
        check(report.filesTwice().isEmpty(), "files referenced twice: " + report.filesTwice());
        log.accept("rows " + report.rows() + " when it was broken off, lost " + lost + ", doubled " + report.doubled()
                + (wrong.isEmpty() ? "" : ", NOT CLEAN " + wrong));
        return new Verdict(List.copyOf(met), lost, report.doubled(), List.copyOf(wrong));
    }

    private void check(boolean holds, String otherwise) {
        if (!holds) {
            wrong.add(otherwise);
        }
    }

    private TableVerifier verifier() {
        return new TableVerifier(
                around.lake(), tables().get(0), around.broker().bootstrap(), stage.topic(), stage.topic());
    }

    /** What was complete until an instant had all records before it. Kafka stamps them when it appends them. */
    private void watermarks(TableVerifier verifier, List<Chapter.Told> told) {
        Map<Instant, Map<Integer, Long>> later = verifier.firstOffsetsSince(told.stream()
                .flatMap(each -> each.watermark().stream().map(Instant::parse))
                .collect(Collectors.toSet()));
        for (Chapter.Told each : told) {
            each.watermark().map(Instant::parse).ifPresent(until -> {
                Objects.requireNonNull(later.get(until))
                        .forEach((partition, offset) -> check(
                                offset <= each.ledger().getOrDefault(partition, 0L),
                                "watermark " + until + " while partition " + partition + " was at " + each.ledger()
                                        + " and had records before it up to " + offset));
            });
        }
    }

    /** Order {@code n} has key {@code n} modulo {@link #keys}, all of a key in one partition: the last one wins. */
    private void fold(long records) {
        Map<String, Long> expected = new TreeMap<>();
        for (long n = Math.max(0, records - keys); n < records; n++) {
            if (n % DELETING != 0) {
                expected.put("o-" + n % keys, n);
            }
        }
        Map<String, Long> found = new TreeMap<>();
        try (CloseableIterable<Record> rows =
                IcebergGenerics.read(around.lake().table(stage.table())).build()) {
            for (Record row : rows) {
                long n = (Long) row.getField("_source_offset") * Chapter.PARTITIONS
                        + (Integer) row.getField("_source_partition");
                String key = (String) row.getField("order_id");
                check(found.put(key, n) == null, "two rows of key " + key);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        check(found.equals(expected), "the keyed table is not the fold: " + difference(expected, found));
    }

    private static String difference(Map<String, Long> expected, Map<String, Long> found) {
        Map<String, Long> missing = new TreeMap<>(expected);
        missing.entrySet().removeAll(found.entrySet());
        Map<String, Long> more = new TreeMap<>(found);
        more.entrySet().removeAll(expected.entrySet());
        return "missing " + missing + ", instead " + more;
    }

    private List<String> tables() {
        return keys > 0 ? List.of(stage.table() + "_staging", stage.table()) : List.of(stage.table());
    }

    /** As if days had gone by: the orphan job takes what nobody references, and then there is nothing of the kind. */
    private void leftovers() {
        try {
            makeAllOld();
            Catalog catalog = Catalogs.open(around.lake().properties());
            for (String table : tables()) {
                OrphanRun.run(
                        catalog,
                        table,
                        Duration.ofHours(12),
                        Duration.ofHours(6),
                        stage.directory().resolve("scratch"));
                List<String> left = new TableVerifier(
                                around.lake(), table, around.broker().bootstrap(), stage.topic(), stage.topic())
                        .unreferencedFiles();
                check(left.isEmpty(), "left behind in " + table + ": " + left);
            }
            ((AutoCloseable) catalog).close();
        } catch (Exception failed) {
            StringWriter trace = new StringWriter();
            failed.printStackTrace(new PrintWriter(trace));
            wrong.add("the orphan job failed: " + trace);
        }
    }

    private void makeAllOld() throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
        try (Stream<Path> all = Files.walk(around.files())) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Files.setLastModifiedTime(file, old);
            }
        }
    }
}
