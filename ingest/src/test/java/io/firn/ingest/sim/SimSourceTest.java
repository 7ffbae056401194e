package io.firn.ingest.sim;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.RecordSourceContractTest;
import io.firn.ingest.record.SourceWorld;
import java.util.Random;

/** The simulated source is as strict as the real one. */
class SimSourceTest extends RecordSourceContractTest {
    @Override
    protected SourceWorld world(int partitions) {
        return new SimWorld(partitions);
    }

    private static final class SimWorld implements SourceWorld {
        private final SimClock clock = new SimClock();
        private final Random random = new Random(7);
        private final SimKafka kafka;

        SimWorld(int partitions) {
            kafka = new SimKafka(clock, new Coverage(), "orders", partitions, 0);
        }

        @Override
        public RecordSource join() {
            return new SimSource(kafka, random, new Lifeline(), () -> {});
        }

        @Override
        public SourcePartition partition(int number) {
            return kafka.partitions().stream()
                    .filter(partition -> partition.partition() == number)
                    .findAny()
                    .orElseThrow();
        }

        private SimKafka.Log log(int partition) {
            return kafka.log(partition(partition));
        }

        @Override
        public void addPartition() {
            kafka.addPartition();
        }

        @Override
        public void produce(int partition, int records) {
            for (int i = 0; i < records; i++) {
                log(partition).appendRecord(clock.millis());
            }
        }

        @Override
        public void produceNullValue(int partition) {
            log(partition).appendNullValue(clock.millis());
        }

        @Override
        public int abortTransaction(int partition) {
            log(partition).appendHole();
            log(partition).appendHole();
            return 2;
        }

        @Override
        public void compactFirst() {
            log(0).appendHole();
            log(0).appendRecord(clock.millis());
        }

        @Override
        public void deleteBefore(int partition, long offset) {
            log(partition).deleteBefore(offset);
        }

        @Override
        public void recreateTopic() {
            kafka.recreateTopic();
        }

        @Override
        public void deleteTopic() {
            kafka.deleteTopic();
        }

        @Override
        public void expireOnlyMember() {
            clock.advance(SimKafka.SESSION_MILLIS + 1);
        }

        @Override
        public void pass() {
            clock.advance(100);
        }

        @Override
        public void close() {}
    }
}
