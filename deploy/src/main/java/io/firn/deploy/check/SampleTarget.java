package io.firn.deploy.check;

import io.firn.catalog.ledger.Ledger;
import io.firn.ingest.decode.DecodeSettings;
import java.util.Optional;
import java.util.UUID;
import org.apache.iceberg.Schema;

/**
 * What a pipeline's records are decoded for.
 *
 * @param schema of the table that is there, or of the one that a start would create
 * @param ledger empty where there is none yet
 * @param table its UUID; empty where it is not there yet
 */
record SampleTarget(Schema schema, DecodeSettings decoding, Ledger ledger, Optional<UUID> table) {}
