/** Tests of ingest, and the table in memory that they write to. */
@NullMarked
package io.firn.ingest;

import org.jspecify.annotations.NullMarked;
