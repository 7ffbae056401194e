package io.firn.deploy.cli;

import io.firn.deploy.Assembly;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

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

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    @Parameters(paramLabel = "PIPELINE", description = "Its name in the configuration.")
    private String pipeline = "";

    ResumeCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() throws InterruptedException {
        String path = "/v1/pipelines/" + ServiceClient.segment(pipeline) + "/resume";
        return answer.show(service.client(assembly).post(path), StatusCommand::print);
    }
}
