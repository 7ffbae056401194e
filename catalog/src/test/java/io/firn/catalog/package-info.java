/** Tests. */
@NullMarked
package io.firn.catalog;

import org.jspecify.annotations.NullMarked;
