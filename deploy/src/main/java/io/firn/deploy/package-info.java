/**
 * The service: {@link io.firn.deploy.Main} is the command line's entry, {@link io.firn.deploy.Assembly} the only place
 * that builds services, with plain constructors.
 */
@NullMarked
package io.firn.deploy;

import org.jspecify.annotations.NullMarked;
