/**
 * Runs merges and maintenance beside ingestion. In: the tables of the configured pipelines. Out: jobs run when they are
 * due, in one thread. Start at {@link io.firn.deploy.maintain.MaintenanceLoop}.
 */
@NullMarked
package io.firn.deploy.maintain;

import org.jspecify.annotations.NullMarked;
