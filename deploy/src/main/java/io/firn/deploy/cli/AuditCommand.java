package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.firn.catalog.FirnException;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.audit.AuditReport;
import io.firn.deploy.audit.PipelineAudit;
import io.firn.deploy.audit.Progress;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.NearestKey;
import io.firn.deploy.config.PipelineConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Table against Kafka. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = "Compares tables of pipelines with Kafka, offset by offset.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:clean",
            "1:the service, Kafka, the catalog or the store does not answer",
            ExitCodes.USAGE_HELP,
            "3:differences; the report names them",
            "4:no differences, but some offsets or rows are not verifiable; --allow-unverifiable makes this 0"
        })
final class AuditCommand implements Callable<Integer> {
    private final Assembly assembly;
    private final StopRequest stop;

    @Mixin
    private final OptionalConfig config = new OptionalConfig();

    @Mixin
    private final ServiceOption service = new ServiceOption();

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    @Option(
            names = "--deep",
            description = {
                "Also reads every column of every file and names damaged ones.",
                "Takes as long as a full scan of the tables. Default: only the source columns."
            })
    private boolean isDeep;

    @Option(
            names = "--allow-unverifiable",
            description = "Exit with 0 although some offsets or rows cannot be verified, for example because Kafka no"
                    + " longer holds the records. Default: exit with 4.")
    private boolean isUnverifiableAllowed;

    @Parameters(
            paramLabel = "PIPELINE",
            arity = "0..*",
            description = "Pipelines by their names in the configuration. Default: all, one after the other.")
    private List<String> pipelines = List.of();

    AuditCommand(Assembly assembly, StopRequest stop) {
        this.assembly = assembly;
        this.stop = stop;
    }

    @Override
    public Integer call() throws InterruptedException {
        return config.file().isPresent() ? here(config.file().get()) : byService();
    }

    /** The exit code after another report: differences outweigh what is not verifiable. */
    private int worse(int before, boolean isClean, long unverifiable) {
        if (!isClean) {
            return ExitCodes.DIFFERENCES;
        }
        return before == ExitCodes.DONE && unverifiable > 0 && !isUnverifiableAllowed ? ExitCodes.UNVERIFIABLE : before;
    }

    private int here(Path file) {
        Configuration configuration = assembly.configuration(file);
        Map<String, PipelineConfig> chosen = chosen(file, configuration.pipelines());
        Progress progress = new Progress(assembly.clock(), answer::tell);
        int code = ExitCodes.DONE;
        try (ConfiguredTables tables = ConfiguredTables.of(assembly, configuration)) {
            for (Map.Entry<String, PipelineConfig> each : chosen.entrySet()) {
                AuditReport report = tables.audit(each.getKey(), each.getValue(), progress, depth());
                print(report);
                code = worse(code, report.isClean(), report.unverifiable());
            }
        }
        return code;
    }

    private int byService() throws InterruptedException {
        ServiceClient client = service.client(assembly);
        List<String> chosen = new ArrayList<>(pipelines);
        if (chosen.isEmpty()) {
            client.get("/v1/status")
                    .path("pipelines")
                    .forEach(pipeline -> chosen.add(pipeline.path("name").asText()));
        }
        int code = ExitCodes.DONE;
        for (String pipeline : chosen) {
            ObjectNode asked = JsonNodeFactory.instance.objectNode().put("pipeline", pipeline);
            JsonNode begun = client.post("/v1/audits", isDeep ? asked.put("deep", true) : asked);
            String path = "/v1/audits/" + begun.path("id").asText();
            JsonNode audit = ServiceJob.await(client, path, stop, answer::tell);
            if (!audit.path("result").isObject()) {
                throw new FirnException(
                        "audit-stopped",
                        FirnException.Kind.EXTERNAL,
                        "the audit was stopped",
                        path,
                        "run it again",
                        null);
            }
            answer.show(
                    audit.path("result"),
                    (report, out) -> out.print(audit.path("report").asText()));
            code = worse(
                    code,
                    audit.path("clean").asBoolean(),
                    audit.path("result").path("unverifiable").asLong());
        }
        return code;
    }

    private PipelineAudit.Depth depth() {
        return isDeep ? PipelineAudit.Depth.EVERY_COLUMN : PipelineAudit.Depth.SOURCE_COLUMNS;
    }

    private Map<String, PipelineConfig> chosen(Path file, Map<String, PipelineConfig> configured) {
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
                        file + ", pipelines",
                        NearestKey.hint(pipeline, known) + "name one of " + known);
            }
            chosen.put(pipeline, found);
        }
        return chosen;
    }

    private void print(AuditReport report) {
        if (answer.isJson()) {
            answer.say(report.json());
            return;
        }
        StringWriter text = new StringWriter();
        report.print(new PrintWriter(text));
        answer.say(text.toString().stripTrailing());
    }
}
