/** A catalog served by Iceberg's REST protocol, so that query engines reach what Firn writes without another server. */
@NullMarked
package io.firn.catalog.rest;

import org.jspecify.annotations.NullMarked;
