/** Decoding against oracles: BigDecimal, java.time and Jackson. */
@NullMarked
package io.firn.ingest.decode;

import org.jspecify.annotations.NullMarked;
