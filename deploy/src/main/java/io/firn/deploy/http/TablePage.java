package io.firn.deploy.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.firn.catalog.FirnException;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.TableDebt;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.TableFigures;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.StreamSupport;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.util.PropertyUtil;

/**
 * What is known of the tables. Their heads are read from the catalog at most every few seconds, however many people
 * look; what they need done was seen by maintenance.
 */
final class TablePage {
    private static final Duration FRESH = Duration.ofSeconds(10);
    private static final String WATERMARK = "firn.watermark";

    private final Running running;
    private final Clock clock;
    private String last = "";
    private Instant read = Instant.MIN;

    TablePage(Running running, Clock clock) {
        this.running = running;
        this.clock = clock;
    }

    synchronized String json() {
        Instant now = clock.instant();
        if (last.isEmpty() || Duration.between(read, now).compareTo(FRESH) > 0) {
            Map<String, TableFigures.Seen> figures = running.tableFigures();
            List<MaintainedTable> tables = running.tables();
            last = Json.object(out -> {
                out.writeArrayFieldStart("tables");
                for (MaintainedTable table : tables) {
                    out.writeStartObject();
                    write(out, table, figures.getOrDefault(table.name(), TableFigures.NOT_SEEN));
                    out.writeEndObject();
                }
                out.writeEndArray();
            });
            read = now;
        }
        return last;
    }

    private void write(JsonGenerator out, MaintainedTable table, TableFigures.Seen seen) throws IOException {
        out.writeStringField("name", table.name());
        out.writeStringField("pipeline", table.pipeline());
        out.writeStringField("role", table.role().name().toLowerCase(Locale.ROOT));
        out.writeArrayFieldStart("jobs");
        for (JobKind kind : table.role().jobs()) {
            out.writeString(kind.jobName());
        }
        out.writeEndArray();
        Optional<Table> opened = open(table.name());
        if (opened.isPresent()) {
            head(out, opened.get());
        }
        Json.number(out, "smallFiles", seen(seen.debt().map(debt -> debt.small().files())));
        Json.number(out, "unmergedRows", seen(seen.lag().map(TableDebt.StagingLag::rows)));
    }

    private static OptionalLong seen(Optional<Long> figure) {
        return figure.map(OptionalLong::of).orElse(OptionalLong.empty());
    }

    private Optional<Table> open(String name) {
        try {
            return Optional.of(running.table(name));
        } catch (FirnException missing) {
            if (missing.kind() == FirnException.Kind.USER) {
                return Optional.empty();
            }
            throw missing;
        }
    }

    private static void head(JsonGenerator out, Table table) throws IOException {
        out.writeNumberField(
                "snapshots",
                StreamSupport.stream(table.snapshots().spliterator(), false).count());
        Snapshot head = table.currentSnapshot();
        if (head == null) {
            return;
        }
        Map<String, String> summary = head.summary();
        out.writeNumberField("rows", PropertyUtil.propertyAsLong(summary, SnapshotSummary.TOTAL_RECORDS_PROP, 0));
        out.writeNumberField("files", PropertyUtil.propertyAsLong(summary, SnapshotSummary.TOTAL_DATA_FILES_PROP, 0));
        out.writeNumberField("bytes", PropertyUtil.propertyAsLong(summary, SnapshotSummary.TOTAL_FILE_SIZE_PROP, 0));
        out.writeNumberField(
                "deleteFiles", PropertyUtil.propertyAsLong(summary, SnapshotSummary.TOTAL_DELETE_FILES_PROP, 0));
        if (summary.containsKey(WATERMARK)) {
            out.writeStringField("watermark", summary.get(WATERMARK));
        }
    }
}
