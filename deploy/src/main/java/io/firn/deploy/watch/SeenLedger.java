package io.firn.deploy.watch;

import io.firn.catalog.ledger.Ledger;
import java.time.Instant;
import java.util.UUID;

/**
 * A table's ledger as it was read last.
 *
 * @param table UUID of the table
 * @param readAt when it was read
 */
public record SeenLedger(UUID table, Ledger ledger, Instant readAt) {}
