@NullMarked
package io.firn.catalog.location;

import org.jspecify.annotations.NullMarked;
