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
            refuse(bench, String.valueOf(wrong.getMessage()));
        }
        if (command.isUsageHelpRequested()) {
            command.usage(System.out);
            return false;
        }
        return true;
    }

    /** Ends the process: what was asked for cannot be. */
    static void refuse(Object bench, String why) {
        System.err.println(new CommandLine(bench).getCommandName() + ": " + why + "; --help lists the flags");
        System.exit(WRONG_USAGE);
    }
}
