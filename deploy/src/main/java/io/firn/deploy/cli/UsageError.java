package io.firn.deploy.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** A command line that cannot be understood: what is wrong, where, and what to do, in three lines. */
final class UsageError {
    private UsageError() {}

    static int print(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        err.println("firn: "
                + String.valueOf(wrong.getMessage()).lines().findFirst().orElse("wrong usage"));
        err.println("  where: " + name);
        err.println("  do: " + suggestion(wrong) + "see " + name + " --help");
        err.flush();
        return ExitCodes.USAGE;
    }

    private static String suggestion(ParameterException wrong) {
        if (!(wrong instanceof UnmatchedArgumentException)) {
            return "";
        }
        List<String> nearest = ((UnmatchedArgumentException) wrong).getSuggestions();
        return nearest.isEmpty() ? "" : "did you mean " + String.join(" or ", nearest) + "? Else ";
    }
}
