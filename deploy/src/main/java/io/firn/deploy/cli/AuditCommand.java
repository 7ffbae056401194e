package io.firn.deploy.cli;

import io.firn.catalog.FirnException;
import io.firn.deploy.Assembly;
import io.firn.deploy.audit.AuditReport;
import io.firn.deploy.audit.Progress;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.NearestKey;
import io.firn.deploy.config.PipelineConfig;
import java.io.PrintWriter;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Table against Kafka. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = "Compares a pipeline's table with Kafka, offset by offset.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:clean",
            "1:Kafka, the catalog or the store does not answer",
            ExitCodes.USAGE_HELP,
            "3:differences; the report names them"
        })
final class AuditCommand implements Callable<Integer> {
    private final Assembly assembly;

    @Mixin
    private final ConfigOption config = new ConfigOption();

    @Option(names = "--json", description = "Print the report as JSON, one line. Default: text.")
    private boolean json;

    @Parameters(paramLabel = "PIPELINE", description = "The pipeline's name in the configuration.")
    private String pipeline = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    AuditCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() {
        Configuration configuration = assembly.configuration(config.file());
        PipelineConfig configured = configuration.pipelines().get(pipeline);
        if (configured == null) {
            Set<String> known = configuration.pipelines().keySet();
            throw FirnException.user(
                    "pipeline-unknown",
                    "there is no pipeline " + pipeline,
                    config.file() + ", pipelines",
                    NearestKey.hint(pipeline, known) + "name one of " + known);
        }
        PrintWriter err = spec.commandLine().getErr();
        Progress progress = new Progress(assembly.clock(), line -> {
            err.println("firn: " + line);
            err.flush();
        });
        try (ConfiguredTables tables = ConfiguredTables.of(assembly, configuration)) {
            AuditReport report = tables.audit(pipeline, configured, progress);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(report.json());
            } else {
                report.print(out);
            }
            out.flush();
            return report.isClean() ? ExitCodes.DONE : ExitCodes.DIFFERENCES;
        }
    }
}
