/**
 * Table against Kafka, offset by offset. In: a table with a ledger, a Kafka client's properties. Out: every difference,
 * and every gap with its explanation. Start at {@link io.firn.deploy.audit.Audit}.
 */
@NullMarked
package io.firn.deploy.audit;

import org.jspecify.annotations.NullMarked;
