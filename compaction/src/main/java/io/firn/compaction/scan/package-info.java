/**
 * Reads a few columns of many rows without making objects of them: a data file and the columns wanted go in, a cursor
 * over its rows comes out. Start at {@link io.firn.compaction.scan.FileScans}.
 */
@NullMarked
package io.firn.compaction.scan;

import org.jspecify.annotations.NullMarked;
