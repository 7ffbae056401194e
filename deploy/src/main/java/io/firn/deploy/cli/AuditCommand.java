package io.firn.deploy.cli;

import io.firn.catalog.FirnException;
import io.firn.deploy.Assembly;
import io.firn.deploy.audit.AuditReport;
import io.firn.deploy.audit.Progress;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.NearestKey;
import io.firn.deploy.config.PipelineConfig;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        description = "Compares tables of pipelines with Kafka, offset by offset.",
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

    @Option(names = "--json", description = "Print each report as JSON, one line. Default: text.")
    private boolean json;

    @Parameters(
            paramLabel = "PIPELINE",
            arity = "0..*",
            description = "Pipelines by their names in the configuration. Default: all, one after the other.")
    private List<String> pipelines = List.of();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    AuditCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() {
        Configuration configuration = assembly.configuration(config.file());
        Map<String, PipelineConfig> chosen = chosen(configuration.pipelines());
        PrintWriter err = spec.commandLine().getErr();
        Progress progress = new Progress(assembly.clock(), line -> {
            err.println("firn: " + line);
            err.flush();
        });
        boolean clean = true;
        try (ConfiguredTables tables = ConfiguredTables.of(assembly, configuration)) {
            for (Map.Entry<String, PipelineConfig> each : chosen.entrySet()) {
                AuditReport report = tables.audit(each.getKey(), each.getValue(), progress);
                print(report);
                clean &= report.isClean();
            }
        }
        return clean ? ExitCodes.DONE : ExitCodes.DIFFERENCES;
    }

    private Map<String, PipelineConfig> chosen(Map<String, PipelineConfig> configured) {
        if (pipelines.isEmpty()) {
            return configured;
        }
        Map<String, PipelineConfig> chosen = new LinkedHashMap<>();
        for (String pipeline : pipelines) {
            PipelineConfig found = configured.get(pipeline);
            if (found == null) {
                Set<String> known = configured.keySet();
                throw FirnException.user(
                        "pipeline-unknown",
                        "there is no pipeline " + pipeline,
                        config.file() + ", pipelines",
                        NearestKey.hint(pipeline, known) + "name one of " + known);
            }
            chosen.put(pipeline, found);
        }
        return chosen;
    }

    private void print(AuditReport report) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(report.json());
        } else {
            report.print(out);
        }
        out.flush();
    }
}
