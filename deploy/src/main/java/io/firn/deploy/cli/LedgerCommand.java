package io.firn.deploy.cli;

import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.deploy.Assembly;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.apache.iceberg.Table;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What a table knows of its sources. */
@Command(
        name = "ledger",
        mixinStandardHelpOptions = true,
        description =
                "Shows how far every pipeline and partition of a table is: the next offset to consume, and the time up to which the"
                        + " table is complete.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {"0:shown", "1:the catalog or the store does not answer", ExitCodes.USAGE_HELP})
final class LedgerCommand implements Callable<Integer> {
    private final Assembly assembly;

    @Mixin
    private final ConfigOption config = new ConfigOption();

    @Option(names = "--json", description = "Print the ledger as JSON. Default: text.")
    private boolean json;

    @Parameters(paramLabel = "TABLE", description = "Namespace and name, as shop.orders.")
    private String table = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    LedgerCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() {
        try (ConfiguredTables tables = ConfiguredTables.of(assembly, config.file())) {
            Table opened = tables.table(table);
            PrintWriter out = spec.commandLine().getOut();
            LedgerState state = LedgerReader.read(opened);
            if (state instanceof LedgerState.Unknown) {
                throw LedgerReader.noLedger(table, (LedgerState.Unknown) state);
            }
            if (state instanceof LedgerState.Present) {
                print((LedgerState.Present) state, out);
            } else {
                out.println(json ? "{}" : table + " is empty and has no ledger yet");
            }
            out.flush();
            return ExitCodes.DONE;
        }
    }

    private void print(LedgerState.Present present, PrintWriter out) {
        if (json) {
            out.println(LedgerCodec.write(present.ledger()));
            return;
        }
        out.println(table + ", complete until "
                + present.watermark().map(Instant::toString).orElse("a time not known yet"));
        present.ledger()
                .pipelines()
                .forEach((pipeline, partitions) -> partitions.forEach((partition, entry) -> out.printf(
                        "  %s  %s  start %d  next %d%s%n",
                        pipeline,
                        partition,
                        entry.start(),
                        entry.next(),
                        entry.gaps().isEmpty() ? "" : "  gaps " + entry.gaps())));
    }
}
