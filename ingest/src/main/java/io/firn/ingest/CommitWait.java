package io.firn.ingest;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** How a worker that must not return yet waits for a commit that another thread drives. */
@FunctionalInterface
public interface CommitWait {
    /** @return whether it came true within the time allowed */
    boolean await(BooleanSupplier decided, Duration timeAllowed);
}
