@NullMarked
package io.firn.catalog.rest;

import org.jspecify.annotations.NullMarked;
