package io.firn.compaction;

/**
 * One run of a maintenance job on one table. Owns no thread and never waits: each {@link #turn} does one piece of work
 * (plan, read and write one group of files, one attempt at a commit) and says what comes next. Whoever drives it may
 * stop between turns for as long as it likes; nothing that took effect is lost then.
 *
 * <p>Not safe for use by several threads at once. A job that has ended is of no further use: the next run is a new one.
 */
public interface Job {
    /** Name of the kind of job, as on the command line: {@code merge}, {@code rewrite}, {@code expire} and so on. */
    String name();

    /**
     * Does the next piece of work.
     *
     * @throws io.firn.catalog.FirnException where the job can not go on; {@link #stop} is still to be called
     */
    JobTurn turn();

    /**
     * Ends the run early: removes files that nothing can ever reference. What took effect stays. Files whose commit may
     * still land stay too, and are the orphan job's. After the end it does nothing.
     *
     * @return what was done up to here
     */
    JobResult stop();
}
