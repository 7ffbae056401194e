package io.firn.deploy.audit;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.Incarnation;
import io.firn.compaction.fold.Sources.Source;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.Table;

/**
 * What the ledger of a keyed table says is merged.
 *
 * @param entries of the topics as they are now
 * @param merged by partition, those of earlier topics of the same names too
 * @param identified partitions without a topic's ID, as rows of old tables name them, and those that are meant: of the
 *     oldest topic of their name
 */
record MergedSpans(
        Map<SourcePartition, PartitionEntry> entries, Map<Source, OffsetRange> merged, Map<Source, Source> identified) {
    /** @param keyed refreshed */
    static MergedSpans read(Table keyed, String pipeline) {
        Ledger ledger = LedgerReader.read(keyed).fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            throw LedgerReader.noLedger(keyed.name(), unknown);
        });
        Map<Source, OffsetRange> merged = new TreeMap<>();
        Map<Source, Source> identified = new HashMap<>();
        for (String topic : Incarnation.topics(ledger, pipeline)) {
            ledger.incarnations(pipeline, topic)
                    .forEach(incarnation -> incarnation.forEach((partition, entry) -> {
                        merged.put(source(partition), new OffsetRange(entry.start(), entry.next()));
                        // The oldest comes first.
                        identified.putIfAbsent(new Source(topic, "", partition.partition()), source(partition));
                    }));
        }
        return new MergedSpans(ledger.partitions(pipeline), merged, identified);
    }

    static Source source(SourcePartition partition) {
        return new Source(partition.topic(), partition.topicId(), partition.partition());
    }

    static SourcePartition partition(Source source) {
        return new SourcePartition(source.topic(), source.topicId(), source.partition());
    }
}
