/** Tests of the commit protocol, and {@link io.firn.catalog.commit.InMemoryTables}, the fake they and others run on. */
@NullMarked
package io.firn.catalog.commit;

import org.jspecify.annotations.NullMarked;
