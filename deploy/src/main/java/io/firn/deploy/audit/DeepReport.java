package io.firn.deploy.audit;

import com.fasterxml.jackson.core.JsonGenerator;
import io.firn.catalog.parquet.ColumnFault;
import io.firn.catalog.parquet.FileCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.FileContent;

/**
 * What reading every column of a table's files found.
 *
 * @param files data files of the snapshot
 * @param deleteFiles delete files of it, deletion vectors included
 * @param rows of data files that were read, deleted ones included
 * @param entries values and nulls that were read
 * @param notRead files that could not be read, by reason: other formats than Parquet, and encrypted ones
 * @param damaged the first hundred faults
 * @param faultCount of all
 */
record DeepReport(
        String table,
        long files,
        long deleteFiles,
        long rows,
        long entries,
        Map<String, Long> notRead,
        List<Damage> damaged,
        long faultCount) {
    /** @param file its location */
    record Damage(String file, FileCheck.Fault fault) {}

    DeepReport {
        notRead = new TreeMap<>(notRead);
        damaged = List.copyOf(damaged);
    }

    boolean isClean() {
        return faultCount == 0;
    }

    /** Writes it as text. */
    void print(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "Every column of %s: %,d data files, %,d delete files, %,d rows, %,d values and nulls read%n",
                table,
                files,
                deleteFiles,
                rows,
                entries);
        notRead.forEach((reason, count) -> out.println("    not read: " + count + " files, " + reason));
        damaged.forEach(each -> out.println("    DIFFERENCE file " + each.file() + ": " + each.fault()));
        if (faultCount > damaged.size()) {
            out.println("    ... and " + (faultCount - damaged.size()) + " more");
        }
        out.println(isClean() ? "Clean: every file that was read is whole" : "Differences found");
    }

    void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("table", table);
        json.writeBooleanField("clean", isClean());
        json.writeNumberField("files", files);
        json.writeNumberField("deleteFiles", deleteFiles);
        json.writeNumberField("rows", rows);
        json.writeNumberField("entries", entries);
        json.writeObjectFieldStart("notRead");
        for (Map.Entry<String, Long> each : notRead.entrySet()) {
            json.writeNumberField(each.getKey(), each.getValue());
        }
        json.writeEndObject();
        json.writeNumberField("faultCount", faultCount);
        json.writeArrayFieldStart("faults");
        for (Damage each : damaged) {
            json.writeStartObject();
            json.writeStringField("file", each.file());
            if (each.fault().rowGroup() >= 0) {
                json.writeNumberField("rowGroup", each.fault().rowGroup());
            }
            if (!each.fault().fault().column().isEmpty()) {
                json.writeStringField("column", each.fault().fault().column());
            }
            json.writeStringField("what", each.fault().fault().what());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /** Counts up. */
    static final class Builder {
        private static final int KEPT = 100;

        private final String table;
        private final Map<String, Long> notRead = new TreeMap<>();
        private final List<Damage> damaged = new ArrayList<>();
        private long files;
        private long deleteFiles;
        private long rows;
        private long entries;
        private long faultCount;
        private boolean isData;

        Builder(String table) {
            this.table = table;
        }

        void file(ContentFile<?> file) {
            isData = file.content() == FileContent.DATA;
            files += isData ? 1 : 0;
            deleteFiles += isData ? 0 : 1;
        }

        void read(String file, FileCheck.Result result) {
            rows += isData ? result.rows() : 0;
            entries += result.entries();
            result.faults().forEach(fault -> add(file, fault));
        }

        void notRead(String reason) {
            notRead.merge(reason, 1L, Long::sum);
        }

        void fault(String file, String what) {
            add(file, new FileCheck.Fault(-1, new ColumnFault("", what)));
        }

        private void add(String file, FileCheck.Fault fault) {
            faultCount++;
            if (damaged.size() < KEPT) {
                damaged.add(new Damage(file, fault));
            }
        }

        DeepReport build() {
            return new DeepReport(table, files, deleteFiles, rows, entries, notRead, damaged, faultCount);
        }
    }
}
