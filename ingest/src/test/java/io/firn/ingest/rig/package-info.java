/** Real and fake parts that ingest's tests share. */
@NullMarked
package io.firn.ingest.rig;

import org.jspecify.annotations.NullMarked;
