/**
 * Where tables keep their files, and which of them a job may delete. The name of a new table enters, and a location that
 * no other table shares leaves ({@link io.firn.catalog.location.NewTableLocation}). An existing table enters, and the
 * files that provably belong to it leave, or a refusal: start at {@link io.firn.catalog.location.DeletionGuard}.
 */
@NullMarked
package io.firn.catalog.location;

import org.jspecify.annotations.NullMarked;
