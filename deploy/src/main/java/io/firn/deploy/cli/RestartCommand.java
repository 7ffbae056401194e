package io.firn.deploy.cli;

import io.firn.deploy.Assembly;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Asks a running service to restart a pipeline. */
@Command(
        name = "restart",
        mixinStandardHelpOptions = true,
        description = "Ends a pipeline's run in a running service, committing what was read, and starts it again; also"
                + " after it has failed. Other pipelines are not touched.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:it starts; 'firn status' shows whether it runs",
            "1:the service does not answer",
            ExitCodes.USAGE_HELP
        })
final class RestartCommand implements Callable<Integer> {
    private final Assembly assembly;

    @Mixin
    private final ServiceOption service = new ServiceOption();

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    @Parameters(paramLabel = "PIPELINE", description = "Its name in the configuration.")
    private String pipeline = "";

    RestartCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() throws InterruptedException {
        String path = "/v1/pipelines/" + ServiceClient.segment(pipeline) + "/restart";
        return answer.show(service.client(assembly).post(path), StatusCommand::print);
    }
}
