package io.firn.deploy.cli;

import io.firn.catalog.FirnException;
import io.firn.deploy.config.ConfigException;
import io.firn.deploy.config.ConfigProblem;
import io.firn.deploy.output.VisibleText;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;

/** Turns what went wrong into lines for people and an exit code. */
final class Failures {
    private Failures() {}

    /** Used by picocli for everything that a command throws. */
    static int handle(Exception failure, CommandLine command, boolean debug) {
        PrintWriter err = command.getErr();
        int code = tell(failure, err);
        if (debug) {
            failure.printStackTrace(err);
        }
        err.flush();
        return code;
    }

    private static int tell(Exception failure, PrintWriter err) {
        if (failure instanceof ConfigException) {
            print(((ConfigException) failure).problems(), err);
            return ExitCodes.USAGE;
        }
        if (failure instanceof FirnException) {
            FirnException known = (FirnException) failure;
            print(new ConfigProblem(known.what(), known.where(), known.action()), err);
            return known.kind() == FirnException.Kind.USER ? ExitCodes.USAGE : ExitCodes.FAILED;
        }
        print(new ConfigProblem(reason(failure), "", "run it again with --debug for the stack trace"), err);
        return ExitCodes.FAILED;
    }

    /** The innermost message: the outer ones only say that something went wrong. */
    static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null
                ? root.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }

    static void print(List<ConfigProblem> problems, PrintWriter err) {
        problems.forEach(problem -> print(problem, err));
    }

    private static void print(ConfigProblem problem, PrintWriter err) {
        err.println("firn: " + VisibleText.line(problem.what()));
        if (!problem.where().isEmpty()) {
            err.println("  where: " + VisibleText.line(problem.where()));
        }
        if (!problem.action().isEmpty()) {
            err.println("  do: " + VisibleText.line(problem.action()));
        }
        err.flush();
    }
}
