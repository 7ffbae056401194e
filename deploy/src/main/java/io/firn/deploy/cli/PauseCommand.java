package io.firn.deploy.cli;

import io.firn.deploy.Assembly;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

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

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    @Parameters(paramLabel = "PIPELINE", description = "Its name in the configuration.")
    private String pipeline = "";

    PauseCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() throws InterruptedException {
        String path = "/v1/pipelines/" + ServiceClient.segment(pipeline) + "/pause";
        return answer.show(service.client(assembly).post(path), StatusCommand::print);
    }
}
