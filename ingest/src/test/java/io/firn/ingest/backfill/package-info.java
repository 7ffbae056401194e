@NullMarked
package io.firn.ingest.backfill;

import org.jspecify.annotations.NullMarked;
