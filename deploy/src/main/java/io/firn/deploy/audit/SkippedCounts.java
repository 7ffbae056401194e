package io.firn.deploy.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/** What the snapshots say that they passed over: the sum of {@code firn.skipped}, as far back as snapshots are kept. */
final class SkippedCounts {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String NULL_VALUE = "null-value";

    /** Hears of one partition's value. */
    private interface Entry {
        void read(PartitionAudit found, JsonParser json) throws IOException;
    }

    private SkippedCounts() {}

    /** Goes from the head down, partition by partition as long as one range follows on from the other. */
    static void read(Table table, Snapshot head, String pipeline, Collection<PartitionAudit> partitions) {
        Map<String, PartitionAudit> byName = partitions.stream()
                .collect(java.util.stream.Collectors.toMap(
                        found -> found.partition().toString(), found -> found));
        for (Snapshot snapshot = head; snapshot != null; snapshot = parent(table, snapshot)) {
            byName.values().forEach(PartitionAudit::forgetRange);
            each(snapshot, LedgerKeys.RANGES, pipeline, byName, (found, json) -> found.summaryRange(range(json)));
            each(snapshot, LedgerKeys.SKIPPED, pipeline, byName, (found, json) -> found.summarySkipped(nulls(json)));
        }
    }

    private static @Nullable Snapshot parent(Table table, Snapshot snapshot) {
        Long parent = snapshot.parentId();
        return parent == null ? null : table.snapshot(parent);
    }

    /** Reads {@code {"pipeline":{"topic":{"partition":…}}}}. */
    private static void each(
            Snapshot snapshot, String key, String pipeline, Map<String, PartitionAudit> byName, Entry entry) {
        String text = snapshot.summary().get(key);
        if (text == null) {
            return;
        }
        try (JsonParser json = JSON.createParser(text)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                boolean mine = json.currentName().equals(pipeline);
                json.nextToken();
                if (mine) {
                    topics(json, byName, entry);
                } else {
                    json.skipChildren();
                }
            }
        } catch (IOException broken) {
            throw FirnException.external(
                    "summary-unreadable",
                    "the snapshot's " + key + " cannot be read: " + broken.getMessage(),
                    "snapshot " + snapshot.snapshotId(),
                    "roll the table back to before it, or find out who wrote it",
                    broken);
        }
    }

    private static void topics(JsonParser json, Map<String, PartitionAudit> byName, Entry entry) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String topic = json.currentName();
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                PartitionAudit found = byName.get(topic + "-" + json.currentName());
                json.nextToken();
                if (found == null) {
                    json.skipChildren();
                } else {
                    entry.read(found, json);
                }
            }
        }
    }

    private static OffsetRange range(JsonParser json) throws IOException {
        long start = json.nextLongValue(-1);
        long end = json.nextLongValue(-1);
        if (start < 0 || end < start || json.nextToken() != JsonToken.END_ARRAY) {
            throw new IOException("two offsets are expected");
        }
        return new OffsetRange(start, end);
    }

    private static long nulls(JsonParser json) throws IOException {
        long count = 0;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean isNullValue = json.currentName().equals(NULL_VALUE);
            long value = json.nextLongValue(0);
            count += isNullValue ? value : 0;
        }
        return count;
    }
}
