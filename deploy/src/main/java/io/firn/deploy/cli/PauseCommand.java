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

/** Asks a running service to pause a pipeline. */
@Command(
        name = "pause",
        mixinStandardHelpOptions = true,
        description = "Stops a pipeline of a running service from reading; what was read is committed. Lasts"
                + " until 'firn resume' or the end of the process.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {"0:paused", "1:the service does not answer", ExitCodes.USAGE_HELP})
final class PauseCommand implements Callable<Integer> {
    private final Assembly assembly;

    @Mixin
    private final ServiceOption service = new ServiceOption();

    @Option(names = "--json", description = "Print the pipeline as JSON. Default: text.")
    private boolean json;

    @Parameters(paramLabel = "PIPELINE", description = "Its name in the configuration.")
    private String pipeline = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    PauseCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() throws InterruptedException {
        JsonNode changed = service.client(assembly).post("/v1/pipelines/" + ServiceClient.segment(pipeline) + "/pause");
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
