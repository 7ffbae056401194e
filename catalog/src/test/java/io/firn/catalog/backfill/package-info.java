@NullMarked
package io.firn.catalog.backfill;

import org.jspecify.annotations.NullMarked;
