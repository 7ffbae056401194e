/** The group on a table in memory. */
@NullMarked
package io.firn.ingest.commit;

import org.jspecify.annotations.NullMarked;
