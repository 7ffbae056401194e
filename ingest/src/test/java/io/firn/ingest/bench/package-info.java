/**
 * JMH benchmarks of the hot path: in the build, not in the tests. How to run them and what they gave: BENCHMARKS.md.
 */
package io.firn.ingest.bench;
