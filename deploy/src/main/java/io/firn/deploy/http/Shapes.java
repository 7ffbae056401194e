package io.firn.deploy.http;

import io.firn.deploy.http.Shape.Type;
import java.util.List;

/** What the answers about the service, its pipelines and tables look like. */
final class Shapes {
    static final Shape LIVE = Shape.of("Live", "The process runs.").field("status", Type.TEXT, "live");

    static final Shape READY = Shape.of("Readiness", "Whether the service does its work.")
            .field("ready", Type.FLAG, "false while a pipeline is in trouble")
            .field(
                    "status",
                    Type.choice(List.of("green", "amber", "red")),
                    "amber: it works, and somebody should look; red: it does not")
            .field("reasons", Type.listOf(Type.TEXT), "why it is not green");

    static final Shape PARTITION = Shape.of("Partition", "A partition of the pipeline's topics, whoever reads it.")
            .field("topic", Type.TEXT, "name of the topic")
            .field("partition", Type.LONG, "its number")
            .optional("committed", Type.LONG, "the next offset, as the table has it")
            .optional("end", Type.LONG, "end of the partition when Kafka was last asked")
            .optional("lag", Type.LONG, "records between the two; missing while one is unknown")
            .optional("measuredAt", Type.TIME, "when the older of the two was read")
            .field("here", Type.FLAG, "whether this process holds it")
            .optional("holder", Type.TEXT, "the group's member that holds it, empty if none; missing while unknown")
            .field("delivered", Type.LONG, "records handed over by Kafka, replays included")
            .field("processed", Type.LONG, "records decoded and written to a file, or counted as skipped")
            .field("effective", Type.LONG, "rows that this process made visible");

    private static final Shape TROUBLE = Shape.of("Trouble", "Something that does not work now and is retried.")
            .field("component", Type.TEXT, "what reports it")
            .field(
                    "level",
                    Type.choice(List.of("warning", "outage")),
                    "outage: the pipeline does not do its work; warning: it ingests, a person should look")
            .field("reason", Type.TEXT, "one line")
            .field("since", Type.TIME, "when it began");

    private static final Shape FAILURE = Shape.of("Failure", "Why a pipeline has failed.")
            .field("code", Type.TEXT, "stable name of the error")
            .field("what", Type.TEXT, "what is wrong")
            .field("where", Type.TEXT, "file, key, table, partition or offset; may be empty")
            .field("action", Type.TEXT, "what to do; may be empty")
            .field("at", Type.TIME, "when it failed");

    static final Shape PIPELINE = Shape.of("Pipeline", "What this process does of a pipeline.")
            .field("name", Type.TEXT, "as in the configuration")
            .field(
                    "state",
                    Type.choice(List.of("starting", "running", "paused", "stopping", "stopped", "failed")),
                    "what it is doing")
            .field("commits", Type.LONG, "commits of this process")
            .field("resets", Type.LONG, "how often work was dropped because the table had moved on")
            .field("bufferedBytes", Type.LONG, "heap that open files hold")
            .optional("lastCommit", Type.TIME, "when its last commit became visible")
            .optional("lastSnapshotId", Type.TEXT, "snapshot of that commit, a 64-bit number as text")
            .field("assignedPartitions", Type.LONG, "partitions that this process holds")
            .field("delivered", Type.LONG, "records handed over by Kafka, replays included")
            .field("processed", Type.LONG, "records decoded and written to a file, or counted as skipped")
            .field("effective", Type.LONG, "rows that this process made visible")
            .optional("lag", Type.LONG, "records between the table and the end of all partitions")
            .field("lagKnown", Type.FLAG, "false while the lag of a partition is unknown")
            .optional("trouble", Type.TEXT, "what is being retried, or why it failed, in one line")
            .field("troubles", Type.listOf(Type.of(TROUBLE)), "what does not work now")
            .optional("failure", Type.of(FAILURE), "why it failed, in state failed")
            .optional("partitions", Type.listOf(Type.of(PARTITION)), "of the pipeline's topics");

    static final Shape PIPELINES = Shape.of("Pipelines", "All pipelines of this process.")
            .field("ready", Type.FLAG, "as the probe of that name")
            .field("pipelines", Type.listOf(Type.of(PIPELINE)), "by name")
            .field("at", Type.TIME, "when this answer was made");

    private static final Shape POINT = Shape.of("Point", "Figures of a moment.")
            .field("time", Type.LONG, "milliseconds since 1970")
            .optional("lag", Type.LONG, "records between the table and the end of the partitions")
            .optional("rate", Type.LONG, "rows that became visible a second, over the half minute before");

    private static final Shape PAST = Shape.of("PipelineHistory", "Figures of a pipeline in this process.")
            .field("pipeline", Type.TEXT, "its name")
            .field("points", Type.listOf(Type.of(POINT)), "the oldest first");

    static final Shape HISTORY = Shape.of("History", "Lag and throughput of the last hour.")
            .field("pipelines", Type.listOf(Type.of(PAST)), "by name");

    private static final Shape JOB_STANDING = Shape.of("JobStanding", "How a kind of job gets on with a table.")
            .field("job", Type.TEXT, "its name")
            .optional("lastSuccess", Type.TIME, "when a run last ended well, with or without work")
            .field("failuresInARow", Type.LONG, "runs that failed since then")
            .optional("failingSince", Type.TIME, "when the first of them failed")
            .optional("error", Type.TEXT, "why the last run failed, if it did");

    private static final Shape TABLE = Shape.of("Table", "A table that a pipeline writes.")
            .field("name", Type.TEXT, "namespace and name")
            .field("pipeline", Type.TEXT, "who writes it")
            .field(
                    "role",
                    Type.choice(List.of("appended", "keyed", "staging", "deletes")),
                    "what it is to its pipeline")
            .field("jobs", Type.listOf(Type.TEXT), "compactions that it can get")
            .optional("readAt", Type.TIME, "when the head was read, which rows to snapshots and watermark are of")
            .optional("rows", Type.LONG, "without those that deletes hide; missing where equality deletes hide some")
            .optional("rowsAtMost", Type.LONG, "of all data files, hidden ones included")
            .optional("files", Type.LONG, "data files")
            .optional("bytes", Type.LONG, "of all files")
            .optional("deleteFiles", Type.LONG, "delete files")
            .optional("snapshots", Type.LONG, "all there are")
            .optional("lookedAt", Type.TIME, "when maintenance last looked, which smallFiles and unmerged… are of")
            .optional("smallFiles", Type.LONG, "that a rewrite would take, when maintenance last looked")
            .optional("unmergedRows", Type.LONG, "of staging, at most, when maintenance last looked")
            .optional("unmergedSeconds", Type.LONG, "between the watermarks of staging and of the table")
            .optional("mergeFailures", Type.LONG, "merges that failed since the last that did not")
            .optional("lastMerge", Type.TIME, "when a merge last ended well, with or without rows to merge")
            .optional("mergeError", Type.TEXT, "why the last merge failed, if it did")
            .field("standings", Type.listOf(Type.of(JOB_STANDING)), "how jobs of this process get on with it")
            .optional("watermark", Type.TEXT, "time up to which it is complete");

    static final Shape TABLES = Shape.of("Tables", "All tables of this process.")
            .field("tables", Type.listOf(Type.of(TABLE)), "by pipeline");

    static final Shape LEDGER = new Shape(
            "Ledger",
            "Next offsets: pipeline, topic, and there the topic's id and \"next\" by partition; gaps and times beside"
                    + " it. Empty before the first commit.",
            List.of());

    private Shapes() {}
}
