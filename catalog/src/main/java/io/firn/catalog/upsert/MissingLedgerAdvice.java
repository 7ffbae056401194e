package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import java.util.Set;

/** Puts advice that works in place of {@code adopt}, which upsert pipelines do not have. */
public final class MissingLedgerAdvice {
    private static final Set<String> CODES = Set.of("table-has-no-ledger", "ledger-lost");

    private MissingLedgerAdvice() {}

    /**
     * Returns the refusal of a table of a set as a person should read it.
     *
     * @param keyed name of the set's keyed table
     */
    public static FirnException of(Tables tables, String keyed, FirnException refusal) {
        if (!CODES.contains(refusal.code())) {
            return refusal;
        }
        UpsertSet set = UpsertSet.read(tables, keyed);
        // The longest name first: the keyed table's is the beginning of the others'.
        SetMember member = SetMember.KEYED;
        for (SetMember each : SetMember.values()) {
            if (refusal.where().startsWith("table " + set.name(each))) {
                member = each;
            }
        }
        return SetRefusals.withoutLedger(set, member, refusal);
    }
}
