@NullMarked
package io.firn.catalog.upsert;

import org.jspecify.annotations.NullMarked;
