/** Tests. */
@NullMarked
package io.firn.catalog.schema;

import org.jspecify.annotations.NullMarked;
