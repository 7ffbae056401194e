package io.firn.deploy.bench;

import picocli.CommandLine;

/** How every bench takes its flags. */
final class CommandLines {
    private static final int WRONG_USAGE = 2;

    private CommandLines() {}

    /** Sets the bench's flags; false where help was asked for and shown. Ends the process where a flag is wrong. */
    static boolean parsed(Object bench, String[] args) {
        CommandLine command = new CommandLine(bench);
        try {
            command.parseArgs(args);
        } catch (CommandLine.ParameterException wrong) {
            System.err.println(command.getCommandName() + ": " + wrong.getMessage() + "; --help lists the flags");
            System.exit(WRONG_USAGE);
        }
        if (command.isUsageHelpRequested()) {
            command.usage(System.out);
            return false;
        }
        return true;
    }
}
