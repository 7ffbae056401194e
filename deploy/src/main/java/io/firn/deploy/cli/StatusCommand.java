package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.firn.deploy.Assembly;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What a running service does. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = "Shows what a running service does: every pipeline, its partitions, and how far behind they are.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {"0:shown", "1:the service does not answer", ExitCodes.USAGE_HELP})
final class StatusCommand implements Callable<Integer> {
    private final Assembly assembly;

    @Mixin
    private final ServiceOption service = new ServiceOption();

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    StatusCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() throws InterruptedException {
        return answer.show(service.client(assembly).get("/v1/pipelines"), (status, out) -> {
            out.println(status.path("ready").asBoolean() ? "ready" : "not ready");
            out.println("service " + service.url(assembly));
            status.path("pipelines").forEach(pipeline -> print(pipeline, out));
        });
    }

    /** One pipeline as text. */
    static void print(JsonNode pipeline, PrintWriter out) {
        out.printf(
                "%s  %s  lag %s  commits %s  last commit %s%n",
                pipeline.path("name").asText(),
                pipeline.path("state").asText(),
                pipeline.path("lag").asText("not known yet"),
                pipeline.path("commits").asText(),
                pipeline.path("lastCommit").asText("none by this process"));
        JsonNode failure = pipeline.path("failure");
        if (failure.isObject()) {
            out.println("  failed: " + failure.path("what").asText() + " ("
                    + failure.path("code").asText() + ") at "
                    + failure.path("at").asText());
            out.println("  where: " + failure.path("where").asText());
            out.println("  do: " + failure.path("action").asText());
        }
        for (JsonNode trouble : pipeline.path("troubles")) {
            out.println("  trouble: " + trouble.path("component").asText() + ": "
                    + trouble.path("reason").asText() + ", since "
                    + trouble.path("since").asText());
        }
        for (JsonNode partition : pipeline.path("partitions")) {
            out.printf(
                    "  %s-%s  committed %s  end %s  lag %s%n",
                    partition.path("topic").asText(),
                    partition.path("partition").asText(),
                    partition.path("committed").asText("?"),
                    partition.path("end").asText("?"),
                    partition.path("lag").asText("?"));
        }
    }
}
