/**
 * Where tables keep their files. The name of a new table enters; a location that no other table shares leaves. Start at
 * {@link io.firn.catalog.location.NewTableLocation}.
 */
@NullMarked
package io.firn.catalog.location;

import org.jspecify.annotations.NullMarked;
