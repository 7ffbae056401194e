package io.firn.ingest.record;

import io.firn.catalog.ledger.SourcePartition;

/** A topic, the group that reads it, and what can happen to them. */
public interface SourceWorld extends AutoCloseable {
    /** A new member of the group. */
    RecordSource join();

    /** The partition, with the id of the topic as it is now. */
    SourcePartition partition(int number);

    void addPartition();

    void produce(int partition, int records);

    void produceNullValue(int partition);

    /** @return how many offsets the aborted records and the transaction's end take */
    int abortTransaction(int partition);

    /** Fills partition 0 so that the record at offset 0 is compacted away and the one at offset 1 is not. */
    void compactFirst();

    void deleteBefore(int partition, long offset);

    /** Deletes the topic and creates it with as many partitions. */
    void recreateTopic();

    void deleteTopic();

    /** The group forgets its only member, which learns of it when it polls. */
    void expireOnlyMember();

    /** Time passes; called before every poll. */
    void pass();

    @Override
    void close();
}
