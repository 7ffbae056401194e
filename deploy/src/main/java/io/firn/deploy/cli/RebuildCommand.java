package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.firn.catalog.FirnException;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.catalog.upsert.SetMember;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.backfill.Owner;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.maintain.LatestRows;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.MaintainedTable.Role;
import io.firn.deploy.rebuild.Rebuild;
import io.firn.deploy.rebuild.Rebuild.Result;
import io.firn.deploy.rebuild.RebuildParts;
import io.firn.deploy.rebuild.RebuildPlan;
import io.firn.deploy.rebuild.RebuildPlan.Work;
import io.firn.deploy.rebuild.RebuildPlanner;
import io.firn.deploy.rebuild.RebuildPlanner.Existing;
import java.io.Console;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Rebuilds one table of an upsert pipeline. */
@Command(
        name = "rebuild",
        mixinStandardHelpOptions = true,
        description = "Rebuilds one table of an upsert pipeline's set (keyed, deletes or staging) from Kafka and from"
                + " the other tables, beside whatever services are running. Run again after an interruption, it"
                + " resumes.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {"0:the table is whole", "1:failed, or was stopped; run it again", ExitCodes.USAGE_HELP})
final class RebuildCommand implements Callable<Integer> {
    private final Assembly assembly;
    private final StopRequest stop;

    @Mixin
    private final ConfigOption config = new ConfigOption();

    @Option(
            names = "--which",
            paramLabel = "MEMBER",
            description = "keyed, deletes or staging: the table of the set that TABLE names. Default: TABLE itself.")
    private @Nullable String which;

    @Option(
            names = "--replace",
            description = "Drop the table that is there, and rebuild it. Its files stay. Default: refuse.")
    private boolean replaces;

    @Option(names = "--dry-run", description = "Change nothing; print what would be done. Default: do it.")
    private boolean dryRun;

    @Option(names = "--yes", description = "Do not ask. Needed without a terminal. Default: ask.")
    private boolean isConfirmed;

    @Option(
            names = "--accept-missing",
            paramLabel = "TOPIC-PARTITION:FROM-TO",
            description = "Offsets (TO exclusive) that the table goes without for good, because neither Kafka nor the"
                    + " staging table holds them any more; may be repeated. Default: none.")
    private List<String> acceptedSpans = List.of();

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    @Parameters(paramLabel = "TABLE", description = "Namespace and name, for example shop.orders_deletes.")
    private String tableName = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    RebuildCommand(Assembly assembly, StopRequest stop) {
        this.assembly = assembly;
        this.stop = stop;
    }

    @Override
    public Integer call() throws InterruptedException {
        List<AcceptedSpan> accepted = accepted();
        Configuration configuration = assembly.configuration(config.file());
        MaintainedTable named = named(configuration);
        MaintainedTable keyed = MaintainedTable.named(named.config().table(), configuration.pipelines())
                .orElseThrow();
        try (ConfiguredTables tables = ConfiguredTables.of(assembly, configuration);
                RebuildParts parts = assembly.rebuild(configuration, tables.catalog(), keyed)) {
            RebuildPlan plan =
                    new RebuildPlanner(parts, member(named)).plan(replaces ? Existing.REPLACED : Existing.KEPT);
            if (dryRun) {
                return answer.say(answer.isJson() ? json(plan).toString() : text(plan));
            }
            Rebuild rebuild =
                    new Rebuild(parts, plan, accepted, Owner.settings(), assembly.clock(), new SplittableRandom());
            requireConfirmation(plan);
            Result result = rebuild.run(new Progress());
            if (result.complete()) {
                LatestRows.of(tables.catalog(), keyed.config()).ifPresent(LatestRows::follow);
            }
            return say(plan, result);
        }
    }

    private MaintainedTable named(Configuration configuration) {
        MaintainedTable named = MaintainedTable.named(tableName, configuration.pipelines())
                .orElseThrow(() -> FirnException.user(
                        "table-unknown",
                        "no pipeline writes a table of that name",
                        "table " + tableName,
                        "name one of "
                                + MaintainedTable.of(configuration.pipelines()).stream()
                                        .filter(table -> table.role() != Role.APPENDED)
                                        .map(MaintainedTable::name)
                                        .toList()));
        if (named.role() == Role.APPENDED) {
            throw FirnException.user(
                    "rebuild-refused",
                    "the table belongs to a pipeline in mode append, which has no other tables to rebuild it from",
                    "table " + tableName,
                    "drop it and start the pipeline: it reads the topic again; or use firn backfill");
        }
        return named;
    }

    private SetMember member(MaintainedTable named) {
        if (which != null) {
            return SetMember.of(which)
                    .orElseThrow(() -> new ParameterException(
                            spec.commandLine(), "there is no table '" + which + "': write keyed, deletes or staging"));
        }
        return switch (named.role()) {
            case STAGING -> SetMember.STAGING;
            case DELETES -> SetMember.DELETES;
            case KEYED, APPENDED -> SetMember.KEYED;
        };
    }

    private List<AcceptedSpan> accepted() {
        try {
            return acceptedSpans.stream().map(AcceptedSpan::parse).toList();
        } catch (FirnException wrong) {
            throw new ParameterException(
                    spec.commandLine(), wrong.where() + ": " + wrong.what() + "; " + wrong.action(), wrong);
        }
    }

    /** Creating a table is nothing to ask about; dropping one and reading a topic is. */
    private void requireConfirmation(RebuildPlan plan) {
        if (isConfirmed) {
            return;
        }
        Console console = answer.isJson() ? null : System.console();
        String reply = console == null ? "" : console.readLine("%s%nGo on? [y/N] ", text(plan));
        if (reply == null || !reply.strip().equalsIgnoreCase("y")) {
            throw FirnException.user(
                    "rebuild-unconfirmed",
                    "nothing was changed: " + summary(plan),
                    "table " + plan.table(),
                    "look at it with --dry-run, and add --yes");
        }
    }

    private int say(RebuildPlan plan, Result result) {
        if (answer.isJson()) {
            ObjectNode json = json(plan).put("complete", result.complete());
            result.left().forEach(json.putArray("left")::add);
            answer.say(json.toString());
        } else if (result.complete()) {
            answer.say(plan.table() + " is rebuilt");
        } else {
            answer.say(plan.table() + " is not complete yet: "
                    + (result.left().isEmpty() ? "run it again" : String.join("; ", result.left())));
        }
        return result.complete() ? ExitCodes.DONE : ExitCodes.FAILED;
    }

    private static String summary(RebuildPlan plan) {
        String table =
                switch (plan.work()) {
                    case CREATE -> "creates " + plan.table();
                    case REPLACE -> "drops " + plan.table() + " and creates it again";
                    case RESUME -> "resumes the rebuild of " + plan.table();
                };
        return String.format(Locale.ROOT, "%s, reads %,d offsets from Kafka", table, plan.offsets());
    }

    private static String text(RebuildPlan plan) {
        StringBuilder text = new StringBuilder("firn rebuild " + summary(plan));
        plan.reading().forEach(reading -> text.append(System.lineSeparator())
                .append("  ")
                .append(reading.topic())
                .append(" from ")
                .append(reading.from() == RebuildPlan.From.KAFKA ? "Kafka" : "the staging table")
                .append(": ")
                .append(reading.spans()));
        plan.lost().forEach(span -> text.append(System.lineSeparator())
                .append("  lost: ")
                .append(span.text())
                .append(", which neither Kafka nor the staging table holds any more"));
        plan.notes()
                .forEach(note ->
                        text.append(System.lineSeparator()).append("  note: ").append(note));
        if (plan.work() == Work.REPLACE) {
            text.append(System.lineSeparator()).append("  note: the files of the dropped table stay where they are");
        }
        return text.toString();
    }

    private static ObjectNode json(RebuildPlan plan) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("table", plan.table())
                .put("member", plan.member().label())
                .put("work", plan.work().name().toLowerCase(Locale.ROOT))
                .put("offsets", plan.offsets());
        plan.lost().stream().map(AcceptedSpan::text).forEach(json.putArray("lost")::add);
        plan.notes().forEach(json.putArray("notes")::add);
        return json;
    }

    /** Ends on a signal, and prints where it is. */
    private final class Progress implements Rebuild.Driver {
        private String last = "";

        @Override
        public boolean isStopping() {
            return stop.isRequested();
        }

        @Override
        public void await(Duration time) throws InterruptedException {
            if (!time.isZero()) {
                var unused = stop.await(time);
            }
        }

        @Override
        public void progress(String line) {
            if (!line.equals(last)) {
                answer.tell("rebuild: " + line);
                last = line;
            }
        }
    }
}
