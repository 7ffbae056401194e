/** Tests. */
@NullMarked
package io.firn.catalog.ledger;

import org.jspecify.annotations.NullMarked;
