package io.firn.deploy.cli;

import io.firn.compaction.view.SqlDialect;
import io.firn.deploy.Assembly;
import io.firn.deploy.check.SystemsCheck;
import io.firn.deploy.config.ConfigProblem;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.maintain.LatestRows;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Tries everything that a run would need, and changes nothing. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = "Validates the configuration and reaches every system it names. Changes nothing.",
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

    @Spec
    private CommandSpec spec = CommandSpec.create();

    CheckCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() {
        Configuration configuration = assembly.configuration(config.file());
        List<ConfigProblem> problems =
                new SystemsCheck(assembly, configuration, config.file().toString()).run();
        Failures.print(problems, spec.commandLine().getErr());
        if (!problems.isEmpty()) {
            return ExitCodes.USAGE;
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("All is well: Kafka, the catalog and the tables of "
                + configuration.pipelines().keySet());
        try (ConfiguredTables tables = ConfiguredTables.of(assembly, configuration)) {
            configuration.pipelines().values().forEach(pipeline -> LatestRows.of(tables.catalog(), pipeline)
                    .filter(latest -> !latest.hasViews())
                    .ifPresent(latest -> latest(latest, out)));
        }
        out.flush();
        return ExitCodes.DONE;
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
