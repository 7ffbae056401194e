/**
 * Looks at tables and brokers now and then, so that an outage shows where nothing is read or committed, and so that
 * HTTP handlers need not ask them: start at {@link io.firn.deploy.watch.TableWatch}.
 */
@NullMarked
package io.firn.deploy.watch;

import org.jspecify.annotations.NullMarked;
