package io.firn.deploy.cli;

/** What the process ends with. */
public final class ExitCodes {
    public static final int DONE = 0;
    public static final int FAILED = 1;
    /** Wrong usage or configuration: a person has to change something. */
    public static final int USAGE = 2;
    /** The audit found differences. */
    public static final int DIFFERENCES = 3;

    private ExitCodes() {}
}
