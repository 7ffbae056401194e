package io.firn.deploy.config;

import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.schema.TableClasses;
import io.firn.ingest.PipelineSettings.OnGap;
import io.firn.ingest.StartPosition;
import io.firn.ingest.record.TopicSelection;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Reads one pipeline. */
final class PipelineSection {
    private final Section section;

    PipelineSection(Section section) {
        this.section = section;
    }

    PipelineConfig read() {
        notYet();
        UpsertSection keyed = new UpsertSection(section);
        PipelineConfig config = new PipelineConfig(
                topics(),
                table(),
                section.text("schema"),
                whole(section.texts("partition-by")),
                section.positive("workers", 1),
                commit(section.section("commit")),
                start(),
                section.choice("on-gap", OnGap.class).orElse(OnGap.STOP),
                section.flag("adopt", false),
                section.choice("source-columns", PipelineConfig.SourceColumns.class)
                        .orElse(PipelineConfig.SourceColumns.ADD),
                decode(),
                keyed.upsert(),
                keyed.maintenance(),
                claim(),
                new TableClasses(new TreeSet<>(section.texts("table-classes"))));
        section.finish();
        return config;
    }

    /** What INTERFACE.md names and this version does not do is refused, never ignored. */
    private void notYet() {
        section.only(
                "format", "json", List.of("avro", "protobuf", "json-schema", "debezium-json", "debezium-avro", "raw"));
        section.only("on-bad-record", "stop", List.of("dead-letter"));
        section.only("evolve", "none", List.of("add-columns", "add-and-widen"));
        if (section.has("route")) {
            section.wrong("route", "route is not supported yet", "leave it out");
        }
    }

    /** YAML cuts {@code [truncate(2, id)]} at the comma: puts together what a bracket holds together. */
    static List<String> whole(List<String> texts) {
        List<String> whole = new ArrayList<>();
        String open = "";
        for (String text : texts) {
            String joined = open.isEmpty() ? text : open + ", " + text;
            open = joined.indexOf('(') >= 0 && joined.indexOf(')') < 0 ? joined : "";
            if (open.isEmpty()) {
                whole.add(joined);
            }
        }
        if (!open.isEmpty()) {
            whole.add(open);
        }
        return whole;
    }

    private TopicSelection topics() {
        List<String> names = section.texts("topics");
        Optional<String> pattern = section.text("topic-pattern");
        if (names.isEmpty() && pattern.isEmpty()) {
            if (!section.has("topics") && !section.has("topic-pattern")) {
                section.missing("topics", "topics: [orders]");
            }
            return TopicSelection.named(List.of("?"));
        }
        if (!names.isEmpty() && pattern.isPresent()) {
            section.wrong("topic-pattern", "topics and topic-pattern exclude each other", "remove one of them");
        }
        if (!names.isEmpty()) {
            return TopicSelection.named(names);
        }
        try {
            return TopicSelection.matching(Pattern.compile(pattern.orElseThrow()));
        } catch (PatternSyntaxException broken) {
            section.wrong("topic-pattern", "not a regular expression: " + broken.getDescription(), "correct it");
            return TopicSelection.named(List.of("?"));
        }
    }

    private String table() {
        if (section.has("route") && !section.has("table")) {
            return "";
        }
        String table = section.required("table", "table: shop.orders");
        Optional<String> name = TableName.parse(table);
        if (!table.isEmpty() && name.isEmpty()) {
            section.wrong(
                    "table",
                    section.quoted("table", table) + " is not a table's name",
                    "write namespace.name, as shop.orders; a name with blanks goes between double quotes, as"
                            + " shop.\"US Gross\"");
        }
        return name.orElse(table);
    }

    private LedgerClaim claim() {
        LedgerClaim claim =
                new LedgerClaim(section.text("renamed-from"), new TreeSet<>(section.texts("second-reading-beside")));
        if (!claim.besides().isEmpty()
                && section.text("mode").filter("upsert"::equals).isPresent()) {
            section.wrong(
                    "second-reading-beside",
                    "a keyed table has one pipeline",
                    "leave it out, and give the other pipeline another table");
        }
        return claim;
    }

    private static CommitConfig commit(Section commit) {
        CommitConfig config = new CommitConfig(
                commit.duration("interval", CommitConfig.defaults().interval()),
                commit.bytes("target-file-size", CommitConfig.defaults().targetFileBytes()));
        if (config.interval().isZero()) {
            commit.wrong("interval", "an interval of 0 is no interval", "write at least 1ms");
        }
        if (config.targetFileBytes() == 0) {
            commit.wrong("target-file-size", "a size of 0 holds no row", "write at least 1KB");
        }
        commit.finish();
        return config;
    }

    private StartPosition start() {
        String text = section.text("start").orElse("earliest");
        if (text.equals("earliest")) {
            return StartPosition.earliest();
        }
        if (text.equals("latest")) {
            return StartPosition.latest();
        }
        try {
            return StartPosition.at(OffsetDateTime.parse(text).toInstant());
        } catch (DateTimeException neither) {
            section.wrong(
                    "start",
                    section.quoted("start", text) + " is not a start position",
                    "write earliest, latest or a time as 2026-01-31T00:00:00Z");
            return StartPosition.earliest();
        }
    }

    private DecodeConfig decode() {
        return new DecodeConfig(
                section.choice("timestamp-unit", DecodeConfig.TimestampUnit.class),
                section.choice("on-unknown-field", DecodeConfig.OnUnknownField.class)
                        .orElse(DecodeConfig.OnUnknownField.IGNORE),
                section.choice("on-null-value", DecodeConfig.OnNullValue.class),
                section.choice("values-in-errors", DecodeConfig.ValuesInErrors.class)
                        .orElse(DecodeConfig.ValuesInErrors.HIDDEN));
    }
}
