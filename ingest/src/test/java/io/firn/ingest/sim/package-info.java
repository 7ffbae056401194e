/**
 * A whole fleet in one thread on virtual time: real loops, commit groups and committers on a Kafka, a catalog and a
 * store in memory. Everything random comes from one seed, so a run that fails can be run again. Start at
 * {@link io.firn.ingest.sim.Fleet}.
 */
@NullMarked
package io.firn.ingest.sim;

import org.jspecify.annotations.NullMarked;
