package io.firn.deploy.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The outcome of an audit, for people and for scripts. */
public final class AuditReport {
    private final String pipeline;
    private final String table;
    private final long snapshotId;
    private final List<PartitionAudit> partitions;
    private final List<String> filesTwice;
    private final List<String> unknownPartitions;
    private final long foreignRows;
    private final Optional<FoldReport> fold;
    private final List<DeepReport> deep;
    private final Optional<AboveLedger> above;

    AuditReport(
            String pipeline,
            String table,
            long snapshotId,
            List<PartitionAudit> partitions,
            List<String> filesTwice,
            List<String> unknownPartitions,
            long foreignRows) {
        this(
                pipeline,
                table,
                snapshotId,
                partitions,
                filesTwice,
                unknownPartitions,
                foreignRows,
                Optional.empty(),
                List.of(),
                Optional.empty());
    }

    private AuditReport(
            String pipeline,
            String table,
            long snapshotId,
            List<PartitionAudit> partitions,
            List<String> filesTwice,
            List<String> unknownPartitions,
            long foreignRows,
            Optional<FoldReport> fold,
            List<DeepReport> deep,
            Optional<AboveLedger> above) {
        this.above = above;
        this.fold = fold;
        this.deep = List.copyOf(deep);
        this.pipeline = pipeline;
        this.table = table;
        this.snapshotId = snapshotId;
        this.partitions = List.copyOf(partitions);
        this.filesTwice = List.copyOf(filesTwice);
        this.unknownPartitions = List.copyOf(unknownPartitions);
        this.foreignRows = foreignRows;
    }

    /** Of a table that nothing was written to yet. */
    static AuditReport empty(String pipeline, String table) {
        return new AuditReport(pipeline, table, -1, List.of(), List.of(), List.of(), 0);
    }

    /** Together with what was found about the keyed table that this one is merged into. */
    public AuditReport with(FoldReport folded) {
        return new AuditReport(
                pipeline,
                table,
                snapshotId,
                partitions,
                filesTwice,
                unknownPartitions,
                foreignRows,
                Optional.of(folded),
                deep,
                above);
    }

    /** Together with what reading every column of one of its tables found. */
    AuditReport with(DeepReport read) {
        List<DeepReport> all = new ArrayList<>(deep);
        all.add(read);
        return new AuditReport(
                pipeline, table, snapshotId, partitions, filesTwice, unknownPartitions, foreignRows, fold, all, above);
    }

    /** Together with what Kafka holds above the ledger. */
    AuditReport with(AboveLedger waiting) {
        return new AuditReport(
                pipeline,
                table,
                snapshotId,
                partitions,
                filesTwice,
                unknownPartitions,
                foreignRows,
                fold,
                deep,
                Optional.of(waiting));
    }

    /** About the keyed table, where there is one. */
    public Optional<FoldReport> fold() {
        return fold;
    }

    private boolean isTableClean() {
        return filesTwice.isEmpty()
                && unknownPartitions.isEmpty()
                && partitions.stream().allMatch(PartitionAudit::isClean);
    }

    /**
     * No offset missing, doubled or outside the ledger, no file referenced twice, no null value uncounted, no key with
     * another row, no damaged file among those that were read.
     */
    public boolean isClean() {
        return isTableClean()
                && fold.map(FoldReport::isClean).orElse(true)
                && deep.stream().allMatch(DeepReport::isClean);
    }

    /** Offsets and rows that could be held neither against Kafka nor against staging. */
    public long unverifiable() {
        return partitions.stream()
                        .mapToLong(found -> found.unverifiable().offsets())
                        .sum()
                + fold.map(FoldReport::unverifiable).orElse(0L);
    }

    /** What the audit did not look at, for the reader to judge what "clean" means. */
    List<String> notChecked() {
        List<String> parts = new ArrayList<>();
        parts.add(
                deep.isEmpty()
                        ? "columns other than the source columns (--deep reads them)"
                        : "whether values are those of the records");
        if (above.isEmpty()) {
            parts.add("records above the ledger");
        } else if (!above.get().unknown().isEmpty()) {
            parts.add("records above the ledger (" + above.get().unknown() + ")");
        } else if (above.get().offsets() > 0) {
            parts.add(above.get().offsets() + " offsets above the ledger");
        }
        long unverifiable = partitions.stream()
                .mapToLong(found -> found.unverifiable().offsets())
                .sum();
        if (unverifiable > 0) {
            parts.add(unverifiable + " offsets below the ledger that Kafka no longer holds");
        }
        return parts;
    }

    List<PartitionAudit> partitions() {
        return partitions;
    }

    List<String> filesTwice() {
        return filesTwice;
    }

    List<String> unknownPartitions() {
        return unknownPartitions;
    }

    /** Rows visible in the table below the ledger, doubled ones counted as often as they are there. */
    public long effectiveRows() {
        return partitions.stream().mapToLong(PartitionAudit::rows).sum();
    }

    /** Writes it as text. */
    public void print(PrintWriter out) {
        out.println("Audit of " + pipeline + ": table " + table
                + (snapshotId < 0 ? ", empty" : ", snapshot " + snapshotId));
        for (PartitionAudit found : partitions) {
            out.printf(
                    "  %s%s  offsets %s  rows %d%s%n",
                    found.partition(),
                    found.isOfEarlierTopic()
                            ? " of an earlier topic of this name, id "
                                    + found.partition().topicId()
                            : "",
                    found.delivered(),
                    found.rows(),
                    explained(found));
            difference(out, "missing", found.missing());
            difference(out, "doubled", found.doubled());
            difference(out, "outside the ledger", found.outside());
            if (found.compaction() != Compaction.ON) {
                difference(out, "in the table and not in Kafka", found.notInKafka());
            }
            difference(out, "null values that no snapshot counts", found.nullsUncounted());
            difference(out, "null values counted that Kafka does not have", found.nullsOvercounted());
            if (found.compaction() == Compaction.NOT_TOLD) {
                out.println("    Kafka does not tell whether the topic is compacted, so nothing was excused by that:"
                        + " let this user describe the topic's configuration");
            }
        }
        unknownPartitions.forEach(
                name -> out.println("  DIFFERENCE rows of a partition the ledger does not hold: " + name));
        filesTwice.forEach(file -> out.println("  DIFFERENCE file referenced twice: " + file));
        if (foreignRows > 0) {
            out.println("  " + foreignRows + " rows have no source position: not Firn's");
        }
        above.ifPresent(waiting -> waiting.partitions()
                .forEach((partition, each) -> out.println("  " + partition + "  above the ledger: " + each.offsets()
                        + " offsets that are not in the table yet"
                        + each.oldest()
                                .map(time -> ", the oldest record from " + time)
                                .orElse(""))));
        out.println(isTableClean() ? extent() : "Differences found");
        fold.ifPresent(found -> found.print(out));
        deep.forEach(found -> found.print(out));
        out.println("Not checked: " + String.join("; ", notChecked()));
        out.flush();
    }

    private String extent() {
        return covered()
                + above.filter(waiting -> waiting.offsets() > 0)
                        .map(waiting -> " below the ledger; " + waiting.offsets()
                                + " offsets above it are not in the table yet"
                                + waiting.oldest()
                                        .map(time -> ", the oldest record from " + time)
                                        .orElse("")
                                + ": see whether the pipeline runs")
                        .orElse("");
    }

    private String covered() {
        long unverifiable = partitions.stream()
                .mapToLong(found -> found.unverifiable().offsets())
                .sum();
        return unverifiable == 0
                ? "Clean: " + effectiveRows() + " rows, every offset accounted for"
                : "No differences: " + effectiveRows() + " rows, every offset that Kafka still shows accounted for; "
                        + unverifiable + " not verifiable";
    }

    private static void difference(PrintWriter out, String what, long count) {
        if (count > 0) {
            out.println("    DIFFERENCE " + count + " " + what);
        }
    }

    private static String explained(PartitionAudit found) {
        StringBuilder text = new StringBuilder();
        append(text, found.gapOffsets(), "in recorded gaps");
        append(text, found.skippedByKafka(), "skipped by Kafka (markers, aborted, compacted)");
        append(text, found.folded(), "merged and no longer staged: see the fold check");
        append(text, found.nullValues(), "null values that are no rows");
        append(text, found.nullsOfExpiredSnapshots(), "of them by snapshots expired since, their count is gone");
        if (found.compaction() == Compaction.ON) {
            append(text, found.notInKafka().count(), "compacted away since");
        }
        Unverifiable unverifiable = found.unverifiable();
        if (!unverifiable.isEmpty()) {
            text.append("; not verifiable: ")
                    .append(unverifiable.first().stream()
                            .map(Unverifiable.Span::toString)
                            .collect(Collectors.joining(", ")));
            long more = unverifiable.spanCount() - unverifiable.first().size();
            text.append(more > 0 ? " and " + more + " more, " + unverifiable.offsets() + " offsets in all" : "");
        }
        return text.toString();
    }

    private static void append(StringBuilder text, long count, String what) {
        if (count > 0) {
            text.append("; ").append(count).append(' ').append(what);
        }
    }

    private static void difference(PrintWriter out, String what, Spans spans) {
        if (spans.count() > 0) {
            out.println("    DIFFERENCE " + spans.count() + " " + what + ": " + spans.first());
        }
    }

    /** As JSON, one line. */
    public String json() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("pipeline", pipeline);
            json.writeStringField("table", table);
            json.writeStringField("snapshotId", Long.toString(snapshotId));
            json.writeBooleanField("clean", isClean());
            json.writeNumberField("unverifiable", unverifiable());
            json.writeNumberField("effectiveRows", effectiveRows());
            json.writeNumberField("foreignRows", foreignRows);
            json.writeArrayFieldStart("partitions");
            for (PartitionAudit found : partitions) {
                partition(json, found);
            }
            json.writeEndArray();
            strings(json, "filesTwice", filesTwice);
            strings(json, "unknownPartitions", unknownPartitions);
            if (fold.isPresent()) {
                json.writeFieldName("fold");
                json.writeRawValue(fold.get().json());
            }
            if (!deep.isEmpty()) {
                json.writeArrayFieldStart("deep");
                for (DeepReport each : deep) {
                    each.write(json);
                }
                json.writeEndArray();
            }
            if (above.isPresent() && above.get().unknown().isEmpty()) {
                above(json, above.get());
            }
            strings(json, "notChecked", notChecked());
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private static void above(JsonGenerator json, AboveLedger above) throws IOException {
        json.writeArrayFieldStart("aboveLedger");
        for (Map.Entry<SourcePartition, AboveLedger.Waiting> each :
                above.partitions().entrySet()) {
            json.writeStartObject();
            json.writeStringField("topic", each.getKey().topic());
            json.writeNumberField("partition", each.getKey().partition());
            json.writeNumberField("offsets", each.getValue().offsets());
            if (each.getValue().oldest().isPresent()) {
                json.writeStringField("oldest", each.getValue().oldest().get().toString());
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void partition(JsonGenerator json, PartitionAudit found) throws IOException {
        json.writeStartObject();
        json.writeStringField("topic", found.partition().topic());
        json.writeStringField("topicId", found.partition().topicId());
        json.writeBooleanField("earlierTopic", found.isOfEarlierTopic());
        json.writeNumberField("partition", found.partition().partition());
        span(json, "delivered", found.delivered());
        json.writeNumberField("rows", found.rows());
        spans(json, "missing", found.missing());
        spans(json, "doubled", found.doubled());
        spans(json, "outside", found.outside());
        spans(json, "notInKafka", found.notInKafka());
        json.writeNumberField("gapOffsets", found.gapOffsets());
        json.writeNumberField("skippedByKafka", found.skippedByKafka());
        json.writeNumberField("mergedAndNotStaged", found.folded());
        json.writeNumberField("nullValues", found.nullValues());
        json.writeNumberField("nullValuesUncounted", found.nullsUncounted());
        json.writeNumberField("nullValuesOvercounted", found.nullsOvercounted());
        json.writeNumberField("nullValuesOfExpiredSnapshots", found.nullsOfExpiredSnapshots());
        json.writeStringField("compaction", found.compaction().name().toLowerCase(Locale.ROOT));
        notVerifiable(json, found.unverifiable());
        json.writeEndObject();
    }

    private static void spans(JsonGenerator json, String name, Spans spans) throws IOException {
        json.writeObjectFieldStart(name);
        json.writeNumberField("count", spans.count());
        json.writeArrayFieldStart("spans");
        for (OffsetRange span : spans.first()) {
            json.writeArray(new long[] {span.start(), span.end()}, 0, 2);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void notVerifiable(JsonGenerator json, Unverifiable unverifiable) throws IOException {
        json.writeObjectFieldStart("notVerifiable");
        json.writeNumberField("offsets", unverifiable.offsets());
        json.writeNumberField("count", unverifiable.spanCount());
        json.writeArrayFieldStart("spans");
        for (Unverifiable.Span each : unverifiable.first()) {
            json.writeStartObject();
            span(json, "offsets", each.offsets());
            json.writeStringField("reason", each.reason());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void span(JsonGenerator json, String name, OffsetRange span) throws IOException {
        json.writeFieldName(name);
        json.writeArray(new long[] {span.start(), span.end()}, 0, 2);
    }

    private static void strings(JsonGenerator json, String name, List<String> values) throws IOException {
        json.writeArrayFieldStart(name);
        for (String value : values) {
            json.writeString(value);
        }
        json.writeEndArray();
    }
}
