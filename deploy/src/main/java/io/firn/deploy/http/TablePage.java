package io.firn.deploy.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.TableDebt;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.TableFigures;
import io.firn.deploy.watch.TableHead;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** What is known of the tables. Nothing is read for it: heads and what the tables need were seen in the background. */
final class TablePage {
    private final Running running;

    TablePage(Running running) {
        this.running = running;
    }

    String json() {
        Map<String, TableFigures.Seen> figures = running.tableFigures();
        Map<String, TableHead> heads = running.tableHeads();
        return Json.object(out -> {
            out.writeArrayFieldStart("tables");
            for (MaintainedTable table : running.tables()) {
                out.writeStartObject();
                write(out, table, figures.getOrDefault(table.name(), TableFigures.NOT_SEEN));
                TableHead head = heads.get(table.name());
                if (head != null) {
                    write(out, head);
                }
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    private static void write(JsonGenerator out, MaintainedTable table, TableFigures.Seen seen) throws IOException {
        out.writeStringField("name", table.name());
        out.writeStringField("pipeline", table.pipeline());
        out.writeStringField("role", table.role().name().toLowerCase(Locale.ROOT));
        out.writeArrayFieldStart("jobs");
        for (JobKind kind : table.role().jobs()) {
            out.writeString(kind.jobName());
        }
        out.writeEndArray();
        if (seen.lookedAt().isPresent()) {
            out.writeStringField("lookedAt", seen.lookedAt().get().toString());
        }
        Json.number(out, "smallFiles", seen(seen.debt().map(debt -> debt.small().files())));
        Json.number(out, "unmergedRows", seen(seen.lag().map(TableDebt.StagingLag::rows)));
        Json.number(
                out, "unmergedSeconds", seen(seen.lag().map(lag -> lag.time().toSeconds())));
        TableFigures.Standing merges = seen.standings().get(JobKind.MERGE);
        if (merges != null) {
            out.writeNumberField("mergeFailures", merges.failuresInARow());
            if (merges.lastSuccess().isPresent()) {
                out.writeStringField("lastMerge", merges.lastSuccess().get().toString());
            }
            if (merges.error().isPresent()) {
                out.writeStringField("mergeError", merges.error().get());
            }
        }
        out.writeArrayFieldStart("standings");
        for (Map.Entry<JobKind, TableFigures.Standing> each : new TreeMap<>(seen.standings()).entrySet()) {
            out.writeStartObject();
            out.writeStringField("job", each.getKey().jobName());
            write(out, each.getValue());
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    private static void write(JsonGenerator out, TableFigures.Standing standing) throws IOException {
        if (standing.lastSuccess().isPresent()) {
            out.writeStringField("lastSuccess", standing.lastSuccess().get().toString());
        }
        out.writeNumberField("failuresInARow", standing.failuresInARow());
        if (standing.failingSince().isPresent()) {
            out.writeStringField("failingSince", standing.failingSince().get().toString());
        }
        if (standing.error().isPresent()) {
            out.writeStringField("error", standing.error().get());
        }
    }

    private static OptionalLong seen(Optional<Long> figure) {
        return figure.map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    private static void write(JsonGenerator out, TableHead head) throws IOException {
        out.writeStringField("readAt", head.readAt().toString());
        out.writeNumberField("snapshots", head.snapshots());
        Json.number(out, "rows", head.rows());
        Json.number(out, "rowsAtMost", head.rowsAtMost());
        Json.number(out, "files", head.files());
        Json.number(out, "bytes", head.bytes());
        Json.number(out, "deleteFiles", head.deleteFiles());
        if (head.watermark().isPresent()) {
            out.writeStringField("watermark", head.watermark().get());
        }
    }
}
