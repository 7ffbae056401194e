/**
 * The service: {@code Main} is the command line's entry, {@code Assembly} the only place
 * that builds services, with plain constructors.
 */
@NullMarked
package io.firn.deploy;

import org.jspecify.annotations.NullMarked;
