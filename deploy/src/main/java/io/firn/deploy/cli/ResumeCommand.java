package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.firn.deploy.Assembly;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Asks a running service to resume a pipeline. */
@Command(
        name = "resume",
        mixinStandardHelpOptions = true,
        description = "Lets a paused pipeline of a running service read again.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {"0:running again", "1:the service does not answer", ExitCodes.USAGE_HELP})
final class ResumeCommand implements Callable<Integer> {
    private final Assembly assembly;

    @Mixin
    private final ServiceOption service = new ServiceOption();

    @Option(names = "--json", description = "Print the pipeline as JSON. Default: text.")
    private boolean json;

    @Parameters(paramLabel = "PIPELINE", description = "Its name in the configuration.")
    private String pipeline = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    ResumeCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() throws InterruptedException {
        JsonNode changed =
                service.client(assembly).post("/v1/pipelines/" + ServiceClient.segment(pipeline) + "/resume");
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(changed);
        } else {
            StatusCommand.print(changed, out);
        }
        out.flush();
        return ExitCodes.DONE;
    }
}
