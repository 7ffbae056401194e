package io.firn.deploy.audit;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a fold check found.
 *
 * @param table the keyed one
 * @param staged records that were folded, staged or read from Kafka: those that the keyed table's ledger covers
 * @param byStagingOnly of the folded records those that Kafka did not show, taken as staging has them
 * @param unmerged staged records that it does not cover yet
 * @param rows of the keyed table
 * @param same rows that are their key's last record
 * @param deleted keys without a row whose last record deletes
 * @param unverifiable rows of records that neither staging nor Kafka holds any more, keys whose last record a backfill
 *     may have staged that is not merged, and records of Kafka that cannot become rows
 * @param differences the first hundred, by key
 * @param differenceCount of all
 */
public record FoldReport(
        String table,
        long staged,
        long byStagingOnly,
        long unmerged,
        long rows,
        long same,
        long deleted,
        long unverifiable,
        List<Difference> differences,
        long differenceCount) {
    /** A key, and how table and records differ about it. */
    public record Difference(String key, String what) {}

    public FoldReport {
        differences = List.copyOf(differences);
    }

    public boolean isClean() {
        return differenceCount == 0;
    }

    /** Writes it as text. */
    public void print(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "Fold check of %s: %,d records, %,d of them not merged yet; %,d rows, %,d keys deleted;"
                        + " %,d records judged by staging only%n",
                table,
                staged + unmerged,
                unmerged,
                rows,
                deleted,
                byStagingOnly);
        differences.forEach(found -> out.println("    DIFFERENCE key " + found.key() + " " + found.what()));
        if (differenceCount > differences.size()) {
            out.println("    ... and " + (differenceCount - differences.size()) + " more");
        }
        String rest = unverifiable == 0
                ? ""
                : "; " + unverifiable
                        + " not verifiable: neither staging nor Kafka holds their records, or a backfill is not merged";
        String clean = unverifiable == 0 ? "Clean: every row" : "No differences: every other row";
        out.println(isClean() ? clean + " is the last record of its key" + rest : "Differences found");
        out.flush();
    }

    /** For scripts. */
    public String json() {
        StringBuilder json = new StringBuilder("{\"table\":").append(quoted(table));
        json.append(",\"clean\":").append(isClean());
        json.append(",\"staged\":").append(staged).append(",\"unmerged\":").append(unmerged);
        json.append(",\"byStagingOnly\":").append(byStagingOnly);
        json.append(",\"rows\":").append(rows).append(",\"same\":").append(same);
        json.append(",\"deleted\":")
                .append(deleted)
                .append(",\"unverifiable\":")
                .append(unverifiable);
        json.append(",\"differenceCount\":").append(differenceCount).append(",\"differences\":[");
        for (int i = 0; i < differences.size(); i++) {
            json.append(i == 0 ? "" : ",")
                    .append("{\"key\":")
                    .append(quoted(differences.get(i).key()));
            json.append(",\"what\":").append(quoted(differences.get(i).what())).append('}');
        }
        return json.append("]}").toString();
    }

    private static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    /** Counts up. */
    static final class Builder {
        private static final int KEPT = 100;

        private final String table;
        private final List<Difference> differences = new ArrayList<>();
        private long staged;
        private long byStagingOnly;
        private long unmerged;
        private long rows;
        private long same;
        private long deleted;
        private long unverifiable;
        private long differenceCount;

        Builder(String table) {
            this.table = table;
        }

        void staged() {
            staged++;
        }

        void byStagingOnly() {
            byStagingOnly++;
        }

        /** @param counts whether this pass counts them: each pass meets all of them */
        void unmerged(boolean counts) {
            unmerged += counts ? 1 : 0;
        }

        void keyed() {
            rows++;
        }

        void same() {
            same++;
        }

        void deleted() {
            deleted++;
        }

        void unverifiable() {
            unverifiable++;
        }

        void unverifiable(long more) {
            unverifiable += more;
        }

        void difference(String key, String what) {
            differenceCount++;
            if (differences.size() < KEPT) {
                differences.add(new Difference(key, what));
            }
        }

        FoldReport build() {
            return new FoldReport(
                    table,
                    staged,
                    byStagingOnly,
                    unmerged,
                    rows,
                    same,
                    deleted,
                    unverifiable,
                    differences,
                    differenceCount);
        }
    }
}
