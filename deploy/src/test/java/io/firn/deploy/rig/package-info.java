/**
 * Real parts for tests, each started as a process of its own on loopback: a Kafka broker, an S3 server, PostgreSQL, an
 * Iceberg REST catalog, the Firn service itself; a steady producer, and a verifier that reads table and topic without
 * Firn's code. Every part is closed by whoever opened it. Start at {@link io.firn.deploy.rig.BrokerProcess}.
 */
@NullMarked
package io.firn.deploy.rig;

import org.jspecify.annotations.NullMarked;
