package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.SourcePartition;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.TableMetadata;

/**
 * One table property that a commit depends on and changes, in the same version of the metadata: a fence for work whose
 * progress is not the ledger's.
 *
 * @param key of the property; empty text for none
 * @param expected what it must be in the metadata that the commit is made on; empty: not there
 * @param value what it is afterwards; empty: not there. Never the same text twice in a property's life, so that a value
 *     that is found there tells that the commit landed
 * @param covered how far the ledger of the commit's pipeline must have got for each partition
 */
public record PropertySwap(
        String key, Optional<String> expected, Optional<String> value, SortedMap<SourcePartition, Long> covered) {
    /** Depends on nothing and changes nothing. */
    public static final PropertySwap NONE =
            new PropertySwap("", Optional.empty(), Optional.empty(), Collections.emptySortedMap());

    public PropertySwap {
        covered = Collections.unmodifiableSortedMap(new TreeMap<>(covered));
    }

    /** A swap that does not depend on the ledger. */
    public static PropertySwap of(String key, Optional<String> expected, Optional<String> value) {
        return new PropertySwap(key, expected, value, Collections.emptySortedMap());
    }

    boolean fits(TableMetadata base, String pipeline, Ledger ledger) {
        if (key.isEmpty()) {
            return true;
        }
        return expected.equals(in(base))
                && covered.entrySet().stream().allMatch(each -> covers(pipeline, ledger, each));
    }

    boolean isDone(TableMetadata base) {
        return value.equals(in(base));
    }

    private Optional<String> in(TableMetadata base) {
        return Optional.ofNullable(base.properties().get(key));
    }

    private static boolean covers(String pipeline, Ledger ledger, Map.Entry<SourcePartition, Long> upTo) {
        return ledger.next(pipeline, upTo.getKey()).orElse(-1) >= upTo.getValue();
    }
}
