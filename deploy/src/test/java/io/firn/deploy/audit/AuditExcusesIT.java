package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.OrderWriter;
import io.firn.deploy.rig.SharedBroker;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What is no fault of a table, beside a real broker: told with its reason and not held against it. */
@ExtendWith(SharedBroker.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditExcusesIT {
    private AuditRig rig;

    @BeforeAll
    void start(BrokerProcess shared, @TempDir Path directory) {
        rig = new AuditRig(shared, directory, "excused");
    }

    @AfterAll
    void stop() throws Exception {
        rig.close();
    }

    @Test
    void aborted_records_and_null_values_that_were_not_kept_are_no_difference() throws Exception {
        String topic = rig.topic();
        try (OrderWriter writer = OrderWriter.transactional(rig.bootstrap(), topic)) {
            writer.begin().orders(0, 3).commit(); // 0 to 2, marker 3
            writer.begin().orders(0, 2).abort(); // 4 and 5, marker 6
            writer.begin().keyed(0, "k", true).orders(0, 1).commit(); // 7 without a value, 8, marker 9
            writer.begin().orders(0, 2).abort(); // 10 and 11, marker 12
        }
        AuditRig.Audited orders = rig.audited(topic);
        orders.commitSkipping(0, 13, 1, 0, 1, 2, 8);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(AuditRig.text(report)).isTrue();
        assertThat(report.partitions().get(0).nullValues()).isEqualTo(1);
    }

    @Test
    void null_values_are_held_against_what_the_snapshots_counted() throws Exception {
        String topic = rig.topic();
        try (OrderWriter writer = OrderWriter.plain(rig.bootstrap(), topic)) {
            writer.orders(0, 1)
                    .keyed(0, "k", true)
                    .orders(0, 1)
                    .keyed(0, "k", true)
                    .orders(0, 1);
        }
        AuditRig.Audited orders = rig.audited(topic);
        orders.commitSkipping(0, 3, 0, 0, 2);
        PartitionAudit uncounted = orders.audit().partitions().get(0);
        assertThat(uncounted.nullsUncounted()).isEqualTo(1);
        assertThat(uncounted.isClean()).isFalse();

        orders.commitSkipping(3, 5, 2, 4);
        assertThat(orders.audit().isClean()).isTrue();

        try (OrderWriter writer = OrderWriter.plain(rig.bootstrap(), topic)) {
            writer.orders(0, 1);
        }
        orders.commitSkipping(5, 6, 3, 5);
        AuditReport overcounted = orders.audit();
        assertThat(overcounted.partitions().get(0).nullsOvercounted()).isEqualTo(3);
        assertThat(AuditRig.text(overcounted))
                .contains("3 null values counted that Kafka does not have", "Differences found");
    }

    @Test
    void counts_that_went_with_expired_snapshots_are_said_to_be_gone() throws Exception {
        String topic = rig.topic();
        try (OrderWriter writer = OrderWriter.plain(rig.bootstrap(), topic)) {
            writer.keyed(0, "k", true).orders(0, 1).keyed(0, "k", true).orders(0, 1);
        }
        AuditRig.Audited orders = rig.audited(topic);
        orders.commitSkipping(0, 2, 1, 1);
        orders.commitSkipping(2, 4, 1, 3);
        orders.table()
                .expireSnapshots()
                .expireOlderThan(Long.MAX_VALUE)
                .retainLast(1)
                .commit();
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(AuditRig.text(report)).isTrue();
        assertThat(report.partitions().get(0).nullsOfExpiredSnapshots()).isEqualTo(1);
        assertThat(AuditRig.text(report)).contains("1 of them by snapshots expired since");
    }

    @Test
    void both_ends_that_kafka_cannot_show_are_kept() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 12, LongStream.range(0, 12).toArray());
        orders.delete(4);
        AuditReport report = orders.audit();
        assertThat(report.partitions().get(0).unverifiable().first())
                .extracting(Unverifiable.Span::toString)
                .containsExactly("[0, 4) (below Kafka's retention)", "[10, 12) (past the end of Kafka's log)");
        assertThat(report.json()).contains("{\"offsets\":[10,12],\"reason\":\"past the end of Kafka's log\"}");
    }

    @Test
    void rows_that_kafka_does_not_show_are_excused_by_compaction_alone() throws Exception {
        String topic = rig.topic();
        try (OrderWriter writer = OrderWriter.transactional(rig.bootstrap(), topic)) {
            writer.begin().orders(0, 2).abort().begin().orders(0, 1).commit(); // 0 and 1, marker 2; 3, marker 4
        }
        AuditRig.Audited orders = rig.audited(topic);
        orders.commit(0, 5, 0, 3);
        assertThat(orders.audit().isClean()).isFalse();
        orders.configure("cleanup.policy", "compact");
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(AuditRig.text(report)).isTrue();
        assertThat(AuditRig.text(report)).contains("1 compacted away since");
    }

    @Test
    void what_kafka_deleted_is_said_and_not_held_against_the_table() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        orders.delete(4);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(AuditRig.text(report)).isTrue();
        assertThat(report.partitions().get(0).unverifiable().first())
                .containsExactly(new Unverifiable.Span(new OffsetRange(0, 4), "below Kafka's retention"));
        assertThat(AuditRig.text(report)).contains("4 not verifiable");
    }

    @Test
    void what_retention_removes_while_kafka_is_read_is_no_difference() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.delete(4);
        List<Long> seen = new ArrayList<>();
        List<Long> deleted = new ArrayList<>();
        try (KafkaLog log = new KafkaLog(Map.of("bootstrap.servers", rig.bootstrap()))) {
            log.read(
                    orders.source(),
                    new OffsetRange(0, 10),
                    new KafkaLog.Seen() {
                        @Override
                        public void record(long offset, boolean nullValue) {
                            seen.add(offset);
                        }

                        @Override
                        public void deletedBefore(long offset) {
                            deleted.add(offset);
                        }
                    },
                    Progress.silent());
        }
        assertThat(deleted).containsExactly(4L);
        assertThat(seen).containsExactly(4L, 5L, 6L, 7L, 8L, 9L);
    }
}
