package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.firn.deploy.check.CheckReport;
import io.firn.deploy.check.SampleReport;
import io.firn.deploy.config.ConfigProblem;
import java.io.PrintWriter;
import java.util.List;

/** Prints what a check found, as text or as JSON. */
final class CheckAnswer {
    private CheckAnswer() {}

    /** Prints hints and samples; problems are errors and go elsewhere. */
    static void print(CheckReport report, PrintWriter out) {
        for (ConfigProblem hint : report.hints()) {
            out.println("hint: " + hint.what());
            out.println("  where: " + hint.where());
            if (!hint.action().isEmpty()) {
                out.println("  do: " + hint.action());
            }
        }
        for (SampleReport sample : report.samples()) {
            out.printf(
                    "sample of %s: %,d records, %,d cannot be decoded, %,d fields without a column, %,d columns"
                            + " without a field%n",
                    sample.pipeline(),
                    sample.records(),
                    sample.badRecords(),
                    sample.unmatchedFields().size(),
                    sample.absentColumns().size());
        }
        report.writtenBelow()
                .forEach(location -> out.println("store: a file was written, read and deleted below " + location));
        report.notLookedAt().forEach(what -> out.println("not looked at: " + what));
        out.flush();
    }

    static String json(CheckReport report) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("ok", report.problems().isEmpty());
        add(json.putArray("problems"), report.problems());
        add(json.putArray("hints"), report.hints());
        ArrayNode samples = json.putArray("samples");
        report.samples().forEach(sample -> {
            ObjectNode one = samples.addObject();
            one.put("pipeline", sample.pipeline())
                    .put("records", sample.records())
                    .put("badRecords", sample.badRecords())
                    .put("complete", sample.complete());
            ArrayNode bad = one.putArray("firstBad");
            sample.firstBad().forEach(record -> bad.addObject()
                    .put("position", record.position())
                    .put("reason", record.reason())
                    .put("next", record.next())
                    .put("ahead", record.ahead()));
            ObjectNode fields = one.putObject("unmatchedFields");
            sample.unmatchedFields().forEach((field, records) -> fields.put(field, records));
            sample.absentColumns().forEach(one.putArray("absentColumns")::add);
        });
        report.writtenBelow().forEach(json.putArray("writtenBelow")::add);
        report.notLookedAt().forEach(json.putArray("notLookedAt")::add);
        return json.toString();
    }

    private static void add(ArrayNode array, List<ConfigProblem> problems) {
        problems.forEach(problem -> array.addObject()
                .put("what", problem.what())
                .put("where", problem.where())
                .put("action", problem.action()));
    }
}
