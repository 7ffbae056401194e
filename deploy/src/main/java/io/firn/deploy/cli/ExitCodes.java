package io.firn.deploy.cli;

/** What the process ends with. */
public final class ExitCodes {
    public static final int DONE = 0;
    public static final int FAILED = 1;
    /** Wrong usage or configuration: a person has to change something. */
    public static final int USAGE = 2;
    /** The audit found differences. */
    public static final int DIFFERENCES = 3;

    /** The audit found no difference, and could not look at everything. */
    public static final int UNVERIFIABLE = 4;

    /** Above each command's codes in its help. */
    static final String HEADING = "%nExit codes:%n";

    /** The line of {@link #USAGE} in the help of most commands. */
    static final String USAGE_HELP =
            "2:wrong usage or configuration, or access refused: a person has to change something";

    private ExitCodes() {}
}
