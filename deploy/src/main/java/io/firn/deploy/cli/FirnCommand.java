package io.firn.deploy.cli;

import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.output.SafeWriter;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The root of the command line. */
@Command(
        name = "firn",
        mixinStandardHelpOptions = true,
        version = "firn 0.1.0",
        description = "Lands Kafka topics in Apache Iceberg tables so that every record takes effect exactly once.",
        footer = {
            "",
            "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the audit found differences.",
            "firn COMMAND --help tells more of each."
        },
        synopsisSubcommandLabel = "COMMAND",
        sortOptions = false)
public final class FirnCommand implements Runnable {
    @Option(
            names = "--debug",
            scope = CommandLine.ScopeType.INHERIT,
            description = "Show stack traces of errors. Default: messages alone.")
    private boolean debug;

    private final CommandLine line;

    private FirnCommand(Assembly assembly, StopRequest stop) {
        line = new CommandLine(this);
        line.addSubcommand(new RunCommand(assembly, stop));
        line.addSubcommand(new CheckCommand(assembly));
        line.addSubcommand(new StatusCommand(assembly));
        line.addSubcommand(new PauseCommand(assembly));
        line.addSubcommand(new ResumeCommand(assembly));
        line.addSubcommand(new RestartCommand(assembly));
        line.addSubcommand(BackfillCommand.of(assembly));
        line.addSubcommand(new LedgerCommand(assembly));
        line.addSubcommand(new AuditCommand(assembly, stop));
        line.addSubcommand(new CompactCommand(assembly, stop));
        line.addSubcommand(new RebuildCommand(assembly, stop));
        line.addSubcommand(new QuickstartCommand(assembly, stop));
    }

    /** Runs a command line to its end. @return the exit code */
    public static int run(Assembly assembly, StopRequest stop, PrintWriter out, PrintWriter err, String... arguments) {
        FirnCommand root = new FirnCommand(assembly, stop);
        return root.line
                .setOut(SafeWriter.to(out, assembly.secrets()))
                .setErr(SafeWriter.to(err, assembly.secrets()))
                .setParameterExceptionHandler((wrong, given) -> UsageError.print(wrong))
                .setExecutionExceptionHandler(
                        (failure, command, parsed) -> Failures.handle(failure, command, root.debug))
                .execute(arguments);
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(line, "no command is given");
    }
}
