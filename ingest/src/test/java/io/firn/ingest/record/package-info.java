/** What every source of records has to do. */
@NullMarked
package io.firn.ingest.record;

import org.jspecify.annotations.NullMarked;
