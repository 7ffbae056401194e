/**
 * Ingestion measured against its peers: {@code deploy/bench/ingest}. One broker, topics from a fixed seed, and each
 * {@link io.firn.deploy.bench.Contender} in turn draining them into a fresh table as a process of its own. Start at
 * {@link io.firn.deploy.bench.IngestBench}.
 */
@NullMarked
package io.firn.deploy.bench;

import org.jspecify.annotations.NullMarked;
