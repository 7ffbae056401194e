package io.firn.ingest;

import io.firn.catalog.FirnException;
import java.util.SortedSet;

/** The refusal to read a topic into a table that has its records by a pipeline of another name. */
public final class SecondReading {
    private SecondReading() {}

    /** @param others pipelines of the table's ledger that read the topic */
    public static FirnException refused(String pipeline, String topic, SortedSet<String> others) {
        String names = String.join(", ", others);
        return FirnException.user(
                "topic-already-read",
                "the table already has the records of topic " + topic + " by pipeline " + names + "; pipeline "
                        + pipeline + " would read all of them a second time",
                "pipeline " + pipeline,
                "if it was renamed, write renamed-from: " + others.first() + " in pipeline " + pipeline
                        + "; to read the topic twice on purpose, write second-reading-beside: [" + names + "]");
    }
}
