/**
 * What a table knows of its sources. Leaf values, immutable: {@link io.firn.catalog.ledger.Ledger} says for every
 * pipeline and topic-partition the next offset to consume; {@link io.firn.catalog.ledger.LedgerCodec} is its JSON;
 * {@link io.firn.catalog.ledger.LedgerReader} finds it in a table.
 */
@NullMarked
package io.firn.catalog.ledger;

import org.jspecify.annotations.NullMarked;
