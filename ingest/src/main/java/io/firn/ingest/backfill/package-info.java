/**
 * Spans of a topic once more, beside live ingestion. {@link io.firn.ingest.backfill.BackfillRequests} makes a task of
 * what a person asks, {@link io.firn.ingest.backfill.BackfillJob} carries it out chunk by chunk: read from a {@link
 * io.firn.ingest.record.SpanSource}, written like any batch, and swapped for the rows that are there in one commit.
 * On a branch nothing of it is on main before a {@link io.firn.ingest.backfill.Publication}.
 */
@NullMarked
package io.firn.ingest.backfill;

import org.jspecify.annotations.NullMarked;
