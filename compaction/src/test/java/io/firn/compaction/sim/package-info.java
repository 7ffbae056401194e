/**
 * A simulation of one upsert pipeline: its three tables in memory, the real jobs and the real committer turned in one
 * thread, whatever else can happen in between, and a model that says what the tables must show. Start at {@code Story}.
 */
@org.jspecify.annotations.NullMarked
package io.firn.compaction.sim;
