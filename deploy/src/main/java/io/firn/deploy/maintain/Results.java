package io.firn.deploy.maintain;

import io.firn.compaction.JobResult;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a run did, for people and for scripts. */
public final class Results {
    private Results() {}

    /** One line. */
    public static String line(JobResult result) {
        String counts = result.counts().entrySet().stream()
                .filter(count -> count.getValue() != 0)
                .map(count -> count.getKey() + " " + count.getValue())
                .collect(Collectors.joining(", "));
        String reason = result.reason().isEmpty() ? "" : "; " + result.reason();
        return result.end().name().toLowerCase(Locale.ROOT) + "; " + result.before() + " became " + result.after()
                + (counts.isEmpty() ? "" : "; " + counts) + reason;
    }

    /** The result as JSON: names as in {@link JobResult}, lower case with hyphens where they have several words. */
    public static String json(JobResult result) {
        String counts = result.counts().entrySet().stream()
                .map(count -> '"' + count.getKey() + "\":" + count.getValue())
                .collect(Collectors.joining(","));
        return "{\"job\":\"" + result.job() + "\",\"end\":\""
                + result.end().name().toLowerCase(Locale.ROOT) + "\",\"before\":" + json(result.before())
                + ",\"after\":" + json(result.after()) + ",\"snapshots\":[" + identifiers(result) + "],\"counts\":{"
                + counts + "},\"reason\":\""
                + result.reason().replace("\\", "\\\\").replace("\"", "\\\"") + "\"}";
    }

    /** As text: JavaScript rounds numbers above 2^53. */
    private static String identifiers(JobResult result) {
        return result.snapshots().stream().map(id -> "\"" + id + '"').collect(Collectors.joining(","));
    }

    private static String json(io.firn.compaction.Work work) {
        return "{\"files\":" + work.files() + ",\"bytes\":" + work.bytes() + ",\"rows\":" + work.rows() + '}';
    }
}
