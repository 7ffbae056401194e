/** The source on a real broker. */
@NullMarked
package io.firn.ingest.poll;

import org.jspecify.annotations.NullMarked;
