package io.firn.ingest.poll;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.LargeRecords;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Finds the record that a poll ran out of memory for. The client names neither topic nor offset, so a second client of
 * no group reads on from the same positions, one partition and one record at a time. What it reads before that record
 * is delivered, because the failed poll delivered nothing.
 */
final class LargeRecordSearch {
    private static final Duration POLL = Duration.ofMillis(500);

    /** The failed poll had its data already: a second client gets it within so many polls, or finds nothing. */
    private static final int MAX_EMPTY_POLLS = 10;

    private final ClientProperties properties;
    private final RecordConsumer records;

    /** @param records receives the records before the one that is found, of all partitions, in order */
    LargeRecordSearch(ClientProperties properties, RecordConsumer records) {
        this.properties = properties;
        this.records = records;
    }

    /**
     * Returns the failure that names the record. Empty if each record can be read alone: then the process lacks memory
     * for another reason.
     */
    Optional<FirnException> from(Map<SourcePartition, Long> positions, OutOfMemoryError cause) {
        Map<String, Object> single = properties.withoutGroup();
        single.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        KafkaConsumer<ByteBuffer, ByteBuffer> client = properties.open(single, new PollBudget(Long.MAX_VALUE));
        try {
            Map<TopicPartition, Long> ends = client.endOffsets(
                    positions.keySet().stream().map(HeldPartitions::key).toList());
            for (Map.Entry<SourcePartition, Long> each : new TreeMap<>(positions).entrySet()) {
                TopicPartition key = HeldPartitions.key(each.getKey());
                if (each.getValue() >= ends.getOrDefault(key, 0L)) {
                    continue;
                }
                client.assign(List.of(key));
                client.seek(key, each.getValue());
                if (runsOut(client, each.getKey())) {
                    return Optional.of(LargeRecords.failure(each.getKey(), client.position(key, POLL), cause));
                }
            }
            return Optional.empty();
        } catch (KafkaException away) {
            cause.addSuppressed(away);
            return Optional.empty();
        } finally {
            client.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    /** Reads as many records as one poll of a member delivers at most. */
    private boolean runsOut(KafkaConsumer<ByteBuffer, ByteBuffer> client, SourcePartition partition) {
        int read = 0;
        int empty = 0;
        while (read <= ClientProperties.MAX_POLL_RECORDS && empty < MAX_EMPTY_POLLS) {
            ConsumerRecords<ByteBuffer, ByteBuffer> polled;
            try {
                polled = client.poll(POLL);
            } catch (OutOfMemoryError none) {
                return true;
            }
            if (polled.isEmpty() && read > 0) {
                return false;
            }
            polled.forEach(record -> KafkaRecordSource.hand(partition, record, records));
            read += polled.count();
            empty = polled.isEmpty() ? empty + 1 : 0;
        }
        return false;
    }
}
