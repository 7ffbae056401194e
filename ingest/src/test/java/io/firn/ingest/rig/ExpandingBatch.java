package io.firn.ingest.rig;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;
import org.apache.kafka.common.utils.internals.ByteUtils;

/**
 * A batch of a few KB that inflates to as much as a record can claim, as anybody who may produce can send. It is made
 * and sent without ever being in memory inflated, which no producer client can do.
 */
public final class ExpandingBatch {
    private static final byte[] ZEROS = new byte[1 << 20];
    private static final int HEADER = DefaultRecordBatch.RECORD_BATCH_OVERHEAD;

    private ExpandingBatch() {}

    /** Sends one batch with a record of zeros per size. */
    public static void send(EmbeddedBroker broker, String topic, Uuid topicId, int partition, int... valueBytes) {
        ByteBuffer batch = batch(valueBytes);
        ProduceRequestData data = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(30_000);
        data.topicData()
                .add(new ProduceRequestData.TopicProduceData()
                        .setName(topic)
                        .setTopicId(topicId)
                        .setPartitionData(List.of(new ProduceRequestData.PartitionProduceData()
                                .setIndex(partition)
                                .setRecords(MemoryRecords.readableRecords(batch)))));
        short version = ApiKeys.PRODUCE.latestVersion();
        ByteBuffer request = ProduceRequest.builder(data)
                .build(version)
                .serializeWithHeader(new RequestHeader(ApiKeys.PRODUCE, version, "expanding", 1));
        Until.holds("the new topic's leader takes the batch", () -> {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port())) {
                DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                out.writeInt(request.remaining());
                out.write(request.array(), request.arrayOffset() + request.position(), request.remaining());
                out.flush();
                return isAccepted(new DataInputStream(socket.getInputStream()), version);
            }
        });
    }

    private static boolean isAccepted(DataInputStream in, short version) throws IOException {
        byte[] answer = new byte[in.readInt()];
        in.readFully(answer);
        // A correlation id and no tagged fields.
        ByteBuffer body = ByteBuffer.wrap(answer).position(Integer.BYTES + 1);
        ProduceResponseData response = new ProduceResponseData(new ByteBufferAccessor(body), version);
        return response.responses().stream()
                .flatMap(topic -> topic.partitionResponses().stream())
                .allMatch(partition -> partition.errorCode() == 0);
    }

    private static ByteBuffer batch(int... valueBytes) {
        ByteBufferOutputStream bytes = new ByteBufferOutputStream(1 << 16);
        bytes.write(new byte[HEADER], 0, HEADER);
        try (OutputStream zstd =
                Compression.of(CompressionType.ZSTD).build().wrapForOutput(bytes, RecordBatch.CURRENT_MAGIC_VALUE)) {
            for (int i = 0; i < valueBytes.length; i++) {
                writeRecord(zstd, i, valueBytes[i]);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        ByteBuffer batch = bytes.buffer().flip().slice();
        DefaultRecordBatch.writeHeader(
                batch,
                0,
                valueBytes.length - 1,
                batch.capacity(),
                RecordBatch.CURRENT_MAGIC_VALUE,
                CompressionType.ZSTD,
                TimestampType.CREATE_TIME,
                1,
                1,
                RecordBatch.NO_PRODUCER_ID,
                RecordBatch.NO_PRODUCER_EPOCH,
                RecordBatch.NO_SEQUENCE,
                false,
                false,
                false,
                RecordBatch.NO_PARTITION_LEADER_EPOCH,
                valueBytes.length);
        return batch.rewind();
    }

    /** Attributes, timestamp and offset relative to the batch's, no key, the value, no headers. */
    private static void writeRecord(OutputStream out, int offsetDelta, int valueBytes) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(32);
        start.put((byte) 0);
        ByteUtils.writeVarlong(0, start);
        ByteUtils.writeVarint(offsetDelta, start);
        ByteUtils.writeVarint(-1, start);
        ByteUtils.writeVarint(valueBytes, start);
        ByteBuffer size = ByteBuffer.allocate(8);
        ByteUtils.writeVarint(start.position() + valueBytes + 1, size);
        out.write(size.array(), 0, size.position());
        out.write(start.array(), 0, start.position());
        for (int left = valueBytes; left > 0; left -= ZEROS.length) {
            out.write(ZEROS, 0, Math.min(left, ZEROS.length));
        }
        out.write(0);
    }
}
