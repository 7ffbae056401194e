@NullMarked
package io.firn.catalog.model;

import org.jspecify.annotations.NullMarked;
