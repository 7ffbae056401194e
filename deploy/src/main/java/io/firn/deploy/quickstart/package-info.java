/**
 * Everything embedded, no configuration. In: a folder and a number of records. Out: a broker, a catalog, a stream of
 * sample orders and the real service on them. Start at {@link io.firn.deploy.quickstart.Quickstart}.
 */
@NullMarked
package io.firn.deploy.quickstart;

import org.jspecify.annotations.NullMarked;
