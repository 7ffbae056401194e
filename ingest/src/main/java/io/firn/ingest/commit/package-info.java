/**
 * One table commit a tick from the work of all workers of a process. In: what each worker sealed. Out: attempts on the
 * table, and for the workers what became of them. Start at {@link io.firn.ingest.commit.CommitGroup}.
 */
@NullMarked
package io.firn.ingest.commit;

import org.jspecify.annotations.NullMarked;
