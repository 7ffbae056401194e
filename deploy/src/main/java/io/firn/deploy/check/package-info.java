/**
 * Reaches every system that a configuration names. In: a configuration. Out: all that is wrong, each with its key.
 * Start at {@link io.firn.deploy.check.SystemsCheck}.
 */
@NullMarked
package io.firn.deploy.check;

import org.jspecify.annotations.NullMarked;
