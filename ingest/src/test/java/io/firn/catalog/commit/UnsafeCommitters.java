package io.firn.catalog.commit;

import java.util.EnumSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.apache.iceberg.Table;

/** Committers with a safeguard taken out, for the simulation; here because nothing outside this package can. */
public final class UnsafeCommitters {
    private UnsafeCommitters() {}

    /** @param missing names of {@link Safeguard}s to do without */
    public static CommitAttempts without(
            Table table, RandomGenerator random, MissingLedger missingLedger, Set<String> missing) {
        EnumSet<Safeguard> safeguards = EnumSet.allOf(Safeguard.class);
        safeguards.removeIf(safeguard -> missing.contains(safeguard.name()));
        return new TableCommitter(table, random, missingLedger, safeguards);
    }
}
