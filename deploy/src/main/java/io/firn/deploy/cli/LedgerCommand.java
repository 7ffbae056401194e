package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.deploy.Assembly;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.iceberg.Table;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What a table knows of its sources. */
@Command(
        name = "ledger",
        mixinStandardHelpOptions = true,
        description = "Shows how far every pipeline and partition of a table is: the next offset to consume, and the "
                + "time up to which the table is complete.",
        exitCodeListHeading = ExitCodes.HEADING,
        exitCodeList = {"0:shown", "1:the service, the catalog or the store does not answer", ExitCodes.USAGE_HELP})
final class LedgerCommand implements Callable<Integer> {
    private final Assembly assembly;

    @Mixin
    private final OptionalConfig config = new OptionalConfig();

    @Mixin
    private final ServiceOption service = new ServiceOption();

    @Mixin
    private final AnswerOption answer = new AnswerOption();

    @Parameters(paramLabel = "TABLE", description = "Namespace and name, as shop.orders.")
    private String table = "";

    LedgerCommand(Assembly assembly) {
        this.assembly = assembly;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (config.file().isEmpty()) {
            return ofService();
        }
        try (ConfiguredTables tables =
                ConfiguredTables.of(assembly, config.file().get())) {
            Table opened = tables.table(table);
            LedgerState state = LedgerReader.read(opened);
            if (state instanceof LedgerState.Unknown) {
                throw LedgerReader.noLedger(table, (LedgerState.Unknown) state);
            }
            if (state instanceof LedgerState.Present) {
                LedgerState.Present present = (LedgerState.Present) state;
                print(present.ledger(), LedgerCodec.write(present.ledger()), present.watermark());
            } else {
                answer.say(answer.isJson() ? "{}" : table + " is empty and has no ledger yet");
            }
            return ExitCodes.DONE;
        }
    }

    private int ofService() throws InterruptedException {
        JsonNode ledger = service.client(assembly).get("/v1/tables/" + ServiceClient.segment(table) + "/ledger");
        if (ledger.isEmpty()) {
            answer.say(answer.isJson() ? "{}" : table + " is empty and has no ledger yet");
        } else {
            print(LedgerCodec.read(ledger.toString(), "table " + table), ledger.toString(), Optional.empty());
        }
        return ExitCodes.DONE;
    }

    private void print(Ledger ledger, String text, Optional<Instant> watermark) {
        if (answer.isJson()) {
            answer.say(text);
            return;
        }
        answer.say(table + watermark.map(until -> ", complete until " + until).orElse(""));
        ledger.pipelines()
                .forEach((pipeline, partitions) -> partitions.forEach((partition, entry) -> answer.say(String.format(
                        Locale.ROOT,
                        "  %s  %s  start %d  next %d%s",
                        pipeline,
                        partition,
                        entry.start(),
                        entry.next(),
                        entry.gaps().isEmpty() ? "" : "  gaps " + entry.gaps()))));
    }
}
