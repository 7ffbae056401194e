/** Leaf values that the stages hand to each other. */
@NullMarked
package io.firn.ingest.record;

import org.jspecify.annotations.NullMarked;
