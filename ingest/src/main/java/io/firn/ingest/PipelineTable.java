package io.firn.ingest;

import io.firn.catalog.commit.CommitAttempts;
import io.firn.ingest.commit.UnusedFiles;
import io.firn.ingest.record.BatchWriter;
import java.util.function.Supplier;

/**
 * The table end of a pipeline.
 *
 * @param commits the table's commits; used by one thread at a time
 * @param writers a new writer for each worker
 * @param unused removes files that were sealed and never offered to a commit, as
 *     {@code files -> UncommittedFiles.delete(table.io(), ...)}
 */
public record PipelineTable(CommitAttempts commits, Supplier<BatchWriter> writers, UnusedFiles unused) {}
