package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.firn.catalog.FirnException;
import io.firn.deploy.Assembly;
import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Asks a running service to read records once more. */
@Command(
        name = "backfill",
        mixinStandardHelpOptions = true,
        description =
                "Has a running service read a span of a topic once more, beside live ingestion; shows and ends that.",
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {"0:done", "1:the service does not answer", ExitCodes.USAGE_HELP})
final class BackfillCommand implements Runnable {
    private static final String PATH = "/v1/backfills";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private BackfillCommand() {}

    /** The command with its own. */
    static CommandLine of(Assembly assembly) {
        CommandLine line = new CommandLine(new BackfillCommand());
        line.addSubcommand(new Start(assembly));
        line.addSubcommand(new Listing(assembly));
        line.addSubcommand(new Status(assembly));
        line.addSubcommand(new Cancel(assembly));
        line.addSubcommand(new Publish(assembly));
        line.addSubcommand(new Drop(assembly));
        return line;
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "say one of start, list, status, cancel, publish, drop");
    }

    private static void print(JsonNode backfill, PrintWriter out) {
        out.printf(
                "%s  %s  %s %s of %s%s  %s of %s offsets  %s replaced, %s added, %s kept  %s records/s%s%n",
                backfill.path("id").asText(),
                backfill.path("state").asText(),
                backfill.path("mode").asText(),
                backfill.path("topic").asText(),
                backfill.path("pipeline").asText(),
                backfill.has("branch") ? " on branch " + backfill.path("branch").asText() : "",
                backfill.path("done").asText(),
                backfill.path("total").asText(),
                backfill.path("replaced").asText(),
                backfill.path("added").asText(),
                backfill.path("kept").asText(),
                backfill.path("recordsPerSecond").asText(),
                backfill.has("secondsLeft")
                        ? "  " + backfill.path("secondsLeft").asText() + " s left"
                        : "");
        backfill.path("told").forEach(told -> out.println("  " + told.asText()));
        if (backfill.has("error")) {
            out.println("  error: " + backfill.path("error").asText());
        }
    }

    @Command(
            name = "start",
            mixinStandardHelpOptions = true,
            description = "Begins a backfill and prints it; it goes on in the service, also after a restart.",
            exitCodeListHeading = ExitCodes.HEADING,
            exitCodeList = {"0:accepted", "1:the service does not answer", ExitCodes.USAGE_HELP})
    private static final class Start implements Callable<Integer> {
        private final Assembly assembly;

        @Mixin
        private final ServiceOption service = new ServiceOption();

        @Parameters(paramLabel = "PIPELINE", description = "Its name in the configuration.")
        private String pipeline = "";

        @Option(
                names = "--mode",
                required = true,
                paramLabel = "MODE",
                description = "replace: swap rows for newly decoded ones; missing: add only what is not there."
                        + " Required.")
        private String mode = "";

        @Option(names = "--topic", paramLabel = "TOPIC", description = "Default: the pipeline's only topic.")
        private @Nullable String topic;

        @Option(
                names = "--partitions",
                split = ",",
                paramLabel = "N",
                description = "Numbers with commas between. Default: all.")
        private List<Integer> partitions = new ArrayList<>();

        @Option(
                names = "--from",
                paramLabel = "POSITION",
                description = "Offset or ISO-8601 instant, inclusive. Default: the first that Kafka holds.")
        private @Nullable String from;

        @Option(
                names = "--to",
                paramLabel = "POSITION",
                description = "Offset or ISO-8601 instant, exclusive. Default: the table's ledger.")
        private @Nullable String to;

        @Option(
                names = "--all",
                description = "Read all that the table has and Kafka holds. Needed without a span. Default: ask.")
        private boolean all;

        @Option(names = "--chunk", paramLabel = "N", description = "Offsets of one commit at most. Default: 250000.")
        private @Nullable Long chunk;

        @Option(
                names = "--branch",
                paramLabel = "NAME",
                description = "A new branch that it takes effect on, until it is published or dropped. Default: main.")
        private @Nullable String branch;

        @Mixin
        private final AnswerOption answer = new AnswerOption();

        Start(Assembly assembly) {
            this.assembly = assembly;
        }

        @Override
        public Integer call() throws InterruptedException {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            body.put("pipeline", pipeline).put("mode", mode);
            if (topic != null) {
                body.put("topic", topic);
            }
            if (!partitions.isEmpty()) {
                partitions.forEach(body.putArray("partitions")::add);
            }
            if (branch != null) {
                body.put("branch", branch);
            }
            if (chunk != null) {
                body.put("chunk", chunk);
            }
            if (from != null) {
                body.put("from", from);
            }
            if (to != null) {
                body.put("to", to);
            }
            ServiceClient client = service.client(assembly);
            if (!all && from == null && to == null && partitions.isEmpty()) {
                requireConfirmation(client.post(PATH + "/plan", body));
            }
            return answer.show(client.post(PATH, body), BackfillCommand::print);
        }

        /** Reading a whole topic once more may take days: where nobody can be asked, it has to be said. */
        private void requireConfirmation(JsonNode plan) {
            String what = String.format(
                    Locale.ROOT,
                    "without a span the whole topic is read again: %,d offsets of %s",
                    plan.path("total").asLong(),
                    plan.path("topic").asText());
            Console console = answer.isJson() ? null : System.console();
            String reply = console == null ? "" : console.readLine("%s. Begin? [y/N] ", what);
            if (reply == null || !reply.strip().equalsIgnoreCase("y")) {
                throw FirnException.user(
                        "backfill-span",
                        what,
                        "firn backfill start",
                        "add --all, or name a span with --from, --to or --partitions");
            }
        }
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Shows all backfills, those that ended lately too.",
            exitCodeListHeading = ExitCodes.HEADING,
            exitCodeList = {"0:shown", "1:the service does not answer", ExitCodes.USAGE_HELP})
    private static final class Listing implements Callable<Integer> {
        private final Assembly assembly;

        @Mixin
        private final ServiceOption service = new ServiceOption();

        @Mixin
        private final AnswerOption answer = new AnswerOption();

        Listing(Assembly assembly) {
            this.assembly = assembly;
        }

        @Override
        public Integer call() throws InterruptedException {
            return answer.show(service.client(assembly).get(PATH), (all, out) -> {
                if (all.path("backfills").isEmpty()) {
                    out.println("no backfills");
                }
                all.path("backfills").forEach(backfill -> print(backfill, out));
            });
        }
    }

    @Command(
            name = "status",
            mixinStandardHelpOptions = true,
            description = "Shows one backfill.",
            exitCodeListHeading = ExitCodes.HEADING,
            exitCodeList = {"0:shown", "1:the service does not answer", ExitCodes.USAGE_HELP})
    private static final class Status implements Callable<Integer> {
        private final Assembly assembly;

        @Mixin
        private final ServiceOption service = new ServiceOption();

        @Parameters(paramLabel = "ID", description = "As start and list print it.")
        private String id = "";

        @Mixin
        private final AnswerOption answer = new AnswerOption();

        Status(Assembly assembly) {
            this.assembly = assembly;
        }

        @Override
        public Integer call() throws InterruptedException {
            return answer.show(
                    service.client(assembly).get(PATH + "/" + ServiceClient.segment(id)), BackfillCommand::print);
        }
    }

    @Command(
            name = "cancel",
            mixinStandardHelpOptions = true,
            description = "Ends a backfill; what it committed to main stays, its branch is dropped.",
            exitCodeListHeading = ExitCodes.HEADING,
            exitCodeList = {"0:cancelled", "1:the service does not answer", ExitCodes.USAGE_HELP})
    private static final class Cancel implements Callable<Integer> {
        private final Assembly assembly;

        @Mixin
        private final ServiceOption service = new ServiceOption();

        @Parameters(paramLabel = "ID", description = "As start and list print it.")
        private String id = "";

        @Mixin
        private final AnswerOption answer = new AnswerOption();

        Cancel(Assembly assembly) {
            this.assembly = assembly;
        }

        @Override
        public Integer call() throws InterruptedException {
            return answer.show(
                    service.client(assembly).delete(PATH + "/" + ServiceClient.segment(id)), BackfillCommand::print);
        }
    }

    @Command(
            name = "publish",
            mixinStandardHelpOptions = true,
            description = "Has a backfill's branch brought to main, in one commit; asked again nothing happens twice.",
            exitCodeListHeading = ExitCodes.HEADING,
            exitCodeList = {"0:accepted, or published already", "1:the service does not answer", ExitCodes.USAGE_HELP})
    private static final class Publish implements Callable<Integer> {
        private final Assembly assembly;

        @Mixin
        private final ServiceOption service = new ServiceOption();

        @Parameters(paramLabel = "ID", description = "As start and list print it; one that is ready.")
        private String id = "";

        @Mixin
        private final AnswerOption answer = new AnswerOption();

        Publish(Assembly assembly) {
            this.assembly = assembly;
        }

        @Override
        public Integer call() throws InterruptedException {
            String path = PATH + "/" + ServiceClient.segment(id) + "/publish";
            return answer.show(service.client(assembly).post(path), BackfillCommand::print);
        }
    }

    @Command(
            name = "drop",
            mixinStandardHelpOptions = true,
            description = "Drops a backfill's branch and all that is on it; the same as cancel.",
            exitCodeListHeading = ExitCodes.HEADING,
            exitCodeList = {"0:dropped", "1:the service does not answer", ExitCodes.USAGE_HELP})
    private static final class Drop implements Callable<Integer> {
        private final Assembly assembly;

        @Mixin
        private final ServiceOption service = new ServiceOption();

        @Parameters(paramLabel = "ID", description = "As start and list print it.")
        private String id = "";

        @Mixin
        private final AnswerOption answer = new AnswerOption();

        Drop(Assembly assembly) {
            this.assembly = assembly;
        }

        @Override
        public Integer call() throws InterruptedException {
            return answer.show(
                    service.client(assembly).delete(PATH + "/" + ServiceClient.segment(id)), BackfillCommand::print);
        }
    }
}
