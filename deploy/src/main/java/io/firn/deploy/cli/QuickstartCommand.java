package io.firn.deploy.cli;

import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.quickstart.Quickstart;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Everything embedded. */
@Command(
        name = "quickstart",
        mixinStandardHelpOptions = true,
        description = "Runs broker, catalog, a stream of sample orders and the service in one process.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:done, and the audit is clean",
            "1:failed, or stopped before the end",
            "2:wrong usage",
            "3:the audit found differences; the report names them"
        })
final class QuickstartCommand implements Callable<Integer> {
    private final Assembly assembly;
    private final StopRequest stop;

    @Option(
            names = "--dir",
            defaultValue = "firn-quickstart",
            paramLabel = "DIR",
            description = "Where everything is kept; a second run goes on there. Default: ./${DEFAULT-VALUE}")
    private Path directory = Path.of("firn-quickstart");

    @Option(
            names = "--records",
            defaultValue = "1000000",
            paramLabel = "N",
            description = "Orders to produce. Default: ${DEFAULT-VALUE}")
    private long records;

    @Option(
            names = "--exit",
            description = "End once all orders are ingested and audited. Default: go on until Ctrl-C.")
    private boolean exit;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    QuickstartCommand(Assembly assembly, StopRequest stop) {
        this.assembly = assembly;
        this.stop = stop;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (records < 1) {
            throw new ParameterException(spec.commandLine(), "--records must be at least 1");
        }
        Quickstart quickstart = new Quickstart(
                assembly, stop, directory, records, spec.commandLine().getOut());
        return switch (quickstart.run(exit)) {
            case DONE -> ExitCodes.DONE;
            case DIFFERENCES -> ExitCodes.DIFFERENCES;
            case STOPPED -> ExitCodes.FAILED;
        };
    }
}
