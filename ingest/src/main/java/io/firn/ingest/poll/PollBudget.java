package io.firn.ingest.poll;

import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how many bytes the records of one poll take once they are inflated. Kafka's own limits count compressed bytes,
 * and a batch of 40 KB can inflate to more than a gigabyte.
 *
 * <p>The client inflates a batch record by record and deserializes each record before it inflates the next. A record
 * that exceeds the budget is rejected with an exception. The client then returns the records before it and offers the
 * same record again in the next poll, because a failed deserialization may be retried. The first record of a poll is
 * never rejected. For one thread, as the client is.
 */
final class PollBudget implements Deserializer<ByteBuffer> {
    private final long limitBytes;
    private long takenBytes;

    /** The array that holds the last buffer: one record's, or a whole answer's if batches are not compressed. */
    private byte @Nullable [] counted;

    /** @param limitBytes how many bytes the records of one poll may take, unless it is one record alone */
    PollBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Begins a poll. */
    void reset() {
        takenBytes = 0;
        counted = null;
    }

    @Override
    public ByteBuffer deserialize(String topic, Headers headers, ByteBuffer data) {
        return taken(data);
    }

    @Override
    public ByteBuffer deserialize(String topic, byte[] data) {
        return taken(ByteBuffer.wrap(data));
    }

    private ByteBuffer taken(ByteBuffer data) {
        if (!data.hasArray()) {
            count(data.remaining());
        } else if (data.array() != counted) {
            // The buffer keeps the whole array alive, so that is what it costs.
            count(data.array().length);
            counted = data.array();
        }
        return data;
    }

    private void count(int bytes) {
        if (takenBytes > 0 && takenBytes + bytes > limitBytes) {
            throw new SerializationException("enough for one poll");
        }
        takenBytes += bytes;
    }
}
