package io.firn.deploy.cli;

import io.firn.catalog.schema.SqlDialect;
import io.firn.deploy.Assembly;
import io.firn.deploy.check.CheckReport;
import io.firn.deploy.check.StoreWrites;
import io.firn.deploy.check.SystemsCheck;
import io.firn.deploy.config.ConfigException;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.http.HttpService;
import io.firn.deploy.maintain.LatestRows;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Tries everything that a run would need, and changes nothing. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = "Validates the configuration, reaches every system it names and decodes a sample of each"
                + " pipeline's records. Leaves everything as it was.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {
            "0:all is well",
            "1:something failed that is not the configuration's fault",
            "2:wrong usage or configuration, or a system that refuses or does not answer"
        })
final class CheckCommand implements Callable<Integer> {
    private final Assembly assembly;

    @Mixin
    private final ConfigOption config = new ConfigOption();

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    @Option(
            names = "--sample",
            paramLabel = "N",
            description = "Records to read and decode per pipeline, half where it reads next and half at the end."
                    + " Default: ${DEFAULT-VALUE}; 0: none.")
    private long sample = 500;

    @Option(
            names = "--no-write",
            description = "Writes no file to the store. Default: writes, reads and deletes a small one per table.")
    private boolean noWrite;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    CheckCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() {
        if (sample < 0) {
            throw new ParameterException(spec.commandLine(), "--sample must be 0 or more");
        }
        CheckReport report;
        Configuration configuration;
        try {
            configuration = assembly.configuration(config.file());
            HttpService.check(configuration.http());
            report = new SystemsCheck(
                            assembly,
                            configuration,
                            config.file().toString(),
                            noWrite ? StoreWrites.NOT_TRIED : StoreWrites.TRIED,
                            answer.isJson() ? line -> {} : answer::tell)
                    .run(sample);
        } catch (ConfigException wrong) {
            if (answer.isJson()) {
                answer.say(CheckAnswer.json(CheckReport.ofConfiguration(wrong.problems())));
                return ExitCodes.USAGE;
            }
            throw wrong;
        }
        if (answer.isJson()) {
            answer.say(CheckAnswer.json(report));
        } else {
            Failures.print(report.problems(), spec.commandLine().getErr());
            CheckAnswer.print(report, spec.commandLine().getOut());
        }
        if (!report.problems().isEmpty()) {
            return ExitCodes.USAGE;
        }
        if (!answer.isJson()) {
            well(configuration, spec.commandLine().getOut());
        }
        return ExitCodes.DONE;
    }

    private void well(Configuration configuration, PrintWriter out) {
        out.println("All is well: Kafka, the catalog and the tables of "
                + configuration.pipelines().keySet());
        try (ConfiguredTables tables = ConfiguredTables.of(assembly, configuration)) {
            configuration.pipelines().values().forEach(pipeline -> LatestRows.of(tables.catalog(), pipeline)
                    .filter(latest -> !latest.hasViews())
                    .ifPresent(latest -> latest(latest, out)));
        }
        out.flush();
    }

    private static void latest(LatestRows latest, PrintWriter out) {
        out.println();
        out.println("The catalog has no views. The query for the latest rows, as " + latest.viewName()
                + " would give them, for Trino:");
        out.println(latest.sql(SqlDialect.TRINO));
        out.println();
        out.println("and for Spark:");
        out.println(latest.sql(SqlDialect.SPARK));
    }
}
