package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.firn.catalog.FirnException;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.compaction.Budget;
import io.firn.compaction.Job;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.orphan.OrphanJob;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.TableDebt;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.maintain.JobFactory;
import io.firn.deploy.maintain.JobRun;
import io.firn.deploy.maintain.LatestRows;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.Results;
import io.firn.deploy.maintain.Scratch;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** One run of one job, now. */
@Command(
        name = "compact",
        mixinStandardHelpOptions = true,
        description = "Runs one job on a table to its end, beside whatever services are running; or ends one that a"
                + " running service has.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:done, or there was nothing to do",
            "1:failed, was stopped, or had to yield to somebody else's work; run it again",
            ExitCodes.USAGE_HELP
        })
final class CompactCommand implements Callable<Integer> {
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(2);

    private final Assembly assembly;
    private final StopRequest stop;

    @Mixin
    private final OptionalConfig config = new OptionalConfig();

    @Mixin
    private final ServiceOption service = new ServiceOption();

    @Option(
            names = "--job",
            paramLabel = "JOB",
            description = "merge, rewrite, manifests, expire, orphans, metadata or staging. Required.")
    private String jobName = "";

    @Option(
            names = "--cancel",
            paramLabel = "ID",
            description = "End the service's job of that id, as GET /v1/compactions lists it, at its next step, and"
                    + " wait for that; what it committed stays. Default: run a job.")
    private @Nullable String cancelled;

    @Option(
            names = "--dry-run",
            description = "Change nothing; say what there is to do, in rows, bytes and seconds. Default: do it.")
    private boolean dryRun;

    @Option(
            names = "--accept-missing",
            paramLabel = "TOPIC-PARTITION:FROM-TO",
            description = "Offsets (TO exclusive) that the merge goes on without for good, because the staging table"
                    + " lacks them and Kafka no longer holds them; may be repeated. Default: none.")
    private List<String> acceptedSpans = List.of();

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    @Parameters(paramLabel = "TABLE", arity = "0..1", description = "Namespace and name, as shop.orders.")
    private String tableName = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private @Nullable Instant lastLine;
    private String lastPhase = "";

    CompactCommand(Assembly assembly, StopRequest stop) {
        this.assembly = assembly;
        this.stop = stop;
    }

    @Override
    public Integer call() throws InterruptedException {
        String id = cancelled;
        if (id != null) {
            return cancel(id);
        }
        if (jobName.isEmpty() || tableName.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "say what to do: TABLE and --job=JOB, or --cancel=ID for a job of a service");
        }
        JobKind kind = Arrays.stream(JobKind.values())
                .filter(known -> known.jobName().equals(jobName))
                .findFirst()
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(), "there is no job " + jobName + "; name one of " + jobNames()));
        if (!acceptedSpans.isEmpty() && (kind != JobKind.MERGE || dryRun)) {
            throw new ParameterException(
                    spec.commandLine(), "--accept-missing needs --job=merge, and goes without --dry-run");
        }
        List<AcceptedSpan> accepted = accepted();
        return config.file().isPresent() ? here(kind, accepted, config.file().get()) : byService(accepted);
    }

    private int byService(List<AcceptedSpan> accepted) throws InterruptedException {
        if (dryRun) {
            throw new ParameterException(spec.commandLine(), "--dry-run needs --config: it asks no service");
        }
        ServiceClient client = service.client(assembly);
        ObjectNode asked = JsonNodeFactory.instance.objectNode().put("job", jobName);
        if (!accepted.isEmpty()) {
            ArrayNode spans = asked.putArray("acceptMissing");
            accepted.forEach(span -> spans.add(span.toString()));
        }
        JsonNode begun = client.post("/v1/tables/" + ServiceClient.segment(tableName) + "/compactions", asked);
        JsonNode over = awaited(client, begun.path("id").asText());
        String end = over.path("result").path("end").asText(over.path("state").asText());
        answer.say(answer.isJson() ? result(over).toString() : line(over, end));
        return end.equals("done") || end.equals("nothing") ? ExitCodes.DONE : ExitCodes.FAILED;
    }

    private int cancel(String id) throws InterruptedException {
        if (!jobName.isEmpty()
                || !tableName.isEmpty()
                || dryRun
                || config.file().isPresent()) {
            throw new ParameterException(
                    spec.commandLine(), "--cancel stands alone: the service knows table and job of that id");
        }
        ServiceClient client = service.client(assembly);
        client.delete("/v1/compactions/" + ServiceClient.segment(id));
        JsonNode over = awaited(client, id);
        return answer.say(
                answer.isJson()
                        ? over.toString()
                        : line(over, over.path("state").asText()));
    }

    private JsonNode awaited(ServiceClient client, String id) throws InterruptedException {
        return ServiceJob.await(client, "/v1/compactions/" + ServiceClient.segment(id), stop, answer::tell);
    }

    /** One that ended before it began has none. */
    private static JsonNode result(JsonNode job) {
        return job.has("result")
                ? job.path("result")
                : JsonNodeFactory.instance
                        .objectNode()
                        .put("job", job.path("job").asText())
                        .put("end", job.path("state").asText());
    }

    private static String line(JsonNode job, String end) {
        JsonNode result = job.path("result");
        String reason = result.path("reason").asText();
        return job.path("job").asText() + " of " + job.path("table").asText() + ": " + end + "; "
                + amount(result.path("before")) + " became " + amount(result.path("after"))
                + (reason.isEmpty() ? "" : "; " + reason);
    }

    private static String amount(JsonNode work) {
        return work.path("files").asLong() + " files, " + work.path("bytes").asLong() + " bytes, "
                + work.path("rows").asLong() + " rows";
    }

    private int here(JobKind kind, List<AcceptedSpan> accepted, Path file) throws InterruptedException {
        Configuration configuration = assembly.configuration(file);
        MaintainedTable table = MaintainedTable.named(tableName, configuration.pipelines())
                .orElseThrow(() -> FirnException.user(
                        "table-unknown",
                        "no pipeline writes a table of that name",
                        "table " + tableName,
                        "name one of "
                                + MaintainedTable.of(configuration.pipelines()).stream()
                                        .map(MaintainedTable::name)
                                        .toList()));
        try (ConfiguredTables tables = ConfiguredTables.of(assembly, configuration)) {
            JobFactory jobs = assembly.jobs(configuration, tables.catalog());
            if (dryRun && kind != JobKind.ORPHANS && kind != JobKind.METADATA) {
                return answer.say(debt(kind, jobs.debt(table)));
            }
            try (Scratch scratch = Scratch.create()) {
                OrphanSettings.Effect effect = dryRun ? OrphanSettings.Effect.LIST : OrphanSettings.Effect.REMOVE;
                Job job = kind == JobKind.MERGE
                        ? jobs.merge(table, Budget.UNLIMITED, accepted, this::progress, scratch.folder())
                        : jobs.job(kind, table, Budget.UNLIMITED, effect, this::progress, scratch.folder());
                JobResult result = JobRun.toItsEnd(job, stop::isRequested, (millis, reason) -> {
                    answer.tell(jobName + ": waiting, " + reason);
                    stop.await(Duration.ofMillis(millis));
                });
                if (kind == JobKind.MERGE && !result.snapshots().isEmpty()) {
                    LatestRows.of(tables.catalog(), table.config()).ifPresent(LatestRows::follow);
                }
                if (dryRun && job instanceof OrphanJob && !answer.isJson()) {
                    ((OrphanJob) job)
                            .orphans()
                            .forEach((orphan, bytes) -> answer.say(orphan + "  " + bytes + " bytes"));
                }
                answer.say(
                        answer.isJson()
                                ? Results.json(result)
                                : jobName + " of " + tableName + ": " + Results.line(result));
                return result.end() == JobResult.End.DONE || result.end() == JobResult.End.NOTHING
                        ? ExitCodes.DONE
                        : ExitCodes.FAILED;
            }
        }
    }

    private List<AcceptedSpan> accepted() {
        try {
            return acceptedSpans.stream().map(AcceptedSpan::parse).toList();
        } catch (FirnException wrong) {
            throw new ParameterException(
                    spec.commandLine(), wrong.where() + ": " + wrong.what() + "; " + wrong.action(), wrong);
        }
    }

    private static String jobNames() {
        return Arrays.stream(JobKind.values()).map(JobKind::jobName).collect(Collectors.joining(", "));
    }

    /** The begin of each phase, and every few seconds how far it is. */
    private void progress(JobProgress.Report report) {
        Instant now = assembly.clock().instant();
        boolean isNew = !report.phase().equals(lastPhase);
        Instant last = lastLine;
        if (!isNew && last != null && Duration.between(last, now).compareTo(BETWEEN_LINES) < 0) {
            return;
        }
        lastPhase = report.phase();
        lastLine = now;
        String left = report.left()
                .map(time -> String.format(Locale.ROOT, ", about %d s left", time.toSeconds()))
                .orElse("");
        String of = report.total().isNone() ? "" : ": " + report.done() + " of " + report.total();
        answer.tell(report.job() + ", " + report.phase() + of + left);
    }

    private String debt(JobKind kind, TableDebt debt) {
        return switch (kind) {
            case MERGE ->
                answer.isJson()
                        ? "{\"job\":\"merge\",\"rows\":" + debt.staging().rows() + ",\"bytes\":"
                                + debt.staging().bytes() + ",\"seconds\":"
                                + debt.staging().time().toSeconds() + "}"
                        : debt.staging().rows() + " staged rows at most are not merged, about "
                                + debt.staging().bytes() + " bytes, "
                                + debt.staging().time().toSeconds() + " s behind";
            case REWRITE ->
                answer.isJson()
                        ? "{\"job\":\"rewrite\",\"files\":" + debt.small().files() + ",\"bytes\":"
                                + debt.small().bytes() + ",\"deleteFiles\":" + debt.deleteFiles() + "}"
                        : debt.small() + " of " + debt.files() + " would be rewritten; " + debt.deleteFiles()
                                + " delete files";
            case MANIFESTS ->
                answer.isJson()
                        ? "{\"job\":\"manifests\",\"small\":" + debt.smallManifests() + ",\"all\":" + debt.manifests()
                                + "}"
                        : debt.smallManifests() + " of " + debt.manifests() + " manifests are small";
            case EXPIRE ->
                answer.isJson()
                        ? "{\"job\":\"expire\",\"expirable\":" + debt.expirable() + ",\"all\":" + debt.snapshots() + "}"
                        : debt.expirable() + " of " + debt.snapshots() + " snapshots can expire";
            case STAGING, ORPHANS, METADATA ->
                throw new ParameterException(spec.commandLine(), "the job " + kind.jobName() + " has no dry run");
        };
    }
}
