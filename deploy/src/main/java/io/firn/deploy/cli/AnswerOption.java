package io.firn.deploy.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.function.BiConsumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How a command prints what it found out: as text for people or, for scripts, as JSON in one line. */
final class AnswerOption {
    @Option(names = "--json", description = "Print what comes of it as JSON, one line. Default: text.")
    private boolean json;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    boolean isJson() {
        return json;
    }

    /** Prints an answer as it came, or as the command writes it for people. */
    int show(JsonNode answer, BiConsumer<JsonNode, PrintWriter> text) {
        PrintWriter out = command.commandLine().getOut();
        if (json) {
            out.println(answer);
        } else {
            text.accept(answer, out);
        }
        out.flush();
        return ExitCodes.DONE;
    }

    /** Prints a line. */
    int say(String line) {
        PrintWriter out = command.commandLine().getOut();
        out.println(line);
        out.flush();
        return ExitCodes.DONE;
    }

    /** Tells how far it is, beside the answer. */
    void tell(String line) {
        PrintWriter err = command.commandLine().getErr();
        err.println("firn: " + line);
        err.flush();
    }
}
