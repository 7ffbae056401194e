package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.firn.catalog.ClosedPort;
import io.firn.catalog.FirnException;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.OrderWriter;
import io.firn.deploy.rig.SharedBroker;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.apache.iceberg.DataFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Plants each fault that an audit is there for, in a table beside a real broker, and looks whether it is named. */
@ExtendWith(SharedBroker.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditLimitsIT {
    private AuditRig rig;

    @BeforeAll
    void start(BrokerProcess shared, @TempDir Path directory) {
        rig = new AuditRig(shared, directory, "audited");
    }

    @AfterAll
    void stop() throws Exception {
        rig.close();
    }

    @Test
    void a_table_with_every_record_once_is_clean() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(AuditRig.text(report)).isTrue();
        PartitionAudit partition = report.partitions().get(0);
        assertThat(partition.rows()).isEqualTo(10);
        assertThat(AuditRig.text(report)).contains("Clean: 10 rows");
    }

    @Test
    void missing_rows_are_named_as_spans() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 10, 0, 1, 2, 5, 6, 8, 9);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.partitions().get(0).missing().first())
                .containsExactly(new OffsetRange(3, 5), new OffsetRange(7, 8));
        assertThat(AuditRig.text(report)).contains("3 missing: [[3, 5), [7, 8)]", "Differences found");
    }

    @Test
    void a_doubled_row_is_named() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 5, 0, 1, 2, 3, 4);
        orders.commit(5, 10, 4, 5, 6, 7, 8, 9);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.partitions().get(0).doubled().first()).containsExactly(new OffsetRange(4, 5));
        assertThat(report.partitions().get(0).missing().count()).isZero();
    }

    @Test
    void a_row_of_an_aborted_record_is_named() throws Exception {
        String topic = rig.topic();
        try (OrderWriter writer = OrderWriter.transactional(rig.bootstrap(), topic)) {
            writer.begin().orders(0, 3).commit();
            writer.begin().orders(0, 2).abort();
        }
        AuditRig.Audited orders = rig.audited(topic);
        orders.commit(0, 7, 0, 1, 2, 4);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.partitions().get(0).notInKafka().first()).containsExactly(new OffsetRange(4, 5));
    }

    @Test
    void a_row_past_the_ledger_is_named() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 5, 0, 1, 2, 3, 4, 7);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.partitions().get(0).outside().first()).containsExactly(new OffsetRange(7, 8));
    }

    @Test
    void a_file_that_was_appended_twice_is_named() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        DataFile file = orders.commit(0, 10, LongStream.range(0, 10).toArray());
        orders.table().newFastAppend().appendFile(file).commit();
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.filesTwice()).containsExactly(file.location());
        assertThat(report.partitions().get(0).doubled().first()).containsExactly(new OffsetRange(0, 10));
    }

    @Test
    void rows_of_a_partition_that_the_ledger_does_not_know_are_named() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        orders.table()
                .newFastAppend()
                .appendFile(orders.file("elsewhere", 1, 2))
                .commit();
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.unknownPartitions()).containsExactly("elsewhere-0");
    }

    @Test
    void a_row_in_a_gap_of_the_ledger_is_named_also_where_kafka_has_nothing_left() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.delete(6);
        orders.commit(0, 2, 0, 1);
        PartitionStep step = new PartitionStep(
                OptionalLong.of(2),
                new OffsetRange(6, 10),
                OptionalLong.empty(),
                List.of(new OffsetRange(2, 6)),
                new TreeMap<>());
        orders.commit(step, List.of(orders.file(orders.topic(), 3, 6, 7, 8, 9)));
        AuditReport report = orders.audit();
        assertThat(report.partitions().get(0).outside().first()).containsExactly(new OffsetRange(3, 4));
        assertThat(report.isClean()).isFalse();
    }

    @Test
    void records_past_the_ledger_are_not_missing_yet() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 6, 0, 1, 2, 3, 4, 5);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(AuditRig.text(report)).isTrue();
        assertThat(report.effectiveRows()).isEqualTo(6);
    }

    @Test
    void a_history_longer_than_memory_allows_is_compared_window_by_window() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 10, 0, 1, 2, 4, 5, 5, 6, 7, 8, 9);
        AuditReport report = orders.audit(3);
        assertThat(report.json())
                .contains(
                        "\"clean\":false",
                        "\"effectiveRows\":10",
                        "\"missing\":{\"count\":1,\"spans\":[[3,4]]}",
                        "\"doubled\":{\"count\":1,\"spans\":[[5,6]]}",
                        "\"outside\":{\"count\":0");
    }

    @Test
    void a_pipeline_that_the_ledger_does_not_know_is_wrong_usage() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        Audit audit = new Audit(orders.table(), "pp", Map.of("bootstrap.servers", rig.bootstrap()), Progress.silent());
        FirnException failure = catchThrowableOfType(FirnException.class, () -> audit.run());
        assertThat(failure.kind()).isEqualTo(FirnException.Kind.USER);
        assertThat(failure).hasMessageContainingAll("does not know the pipeline pp", "did you mean p?", "[p]");
    }

    @Test
    void a_broker_that_does_not_answer_ends_the_audit_as_an_external_failure() throws Exception {
        AuditRig.Audited orders = rig.tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        Map<String, String> nobody = Map.of(
                "bootstrap.servers", ClosedPort.address(),
                "default.api.timeout.ms", "1000",
                "request.timeout.ms", "500");
        Audit audit = new Audit(orders.table(), "p", nobody, Progress.silent());
        FirnException failure = catchThrowableOfType(FirnException.class, () -> audit.run());
        assertThat(failure.kind()).isEqualTo(FirnException.Kind.EXTERNAL);
        assertThat(failure.code()).isEqualTo("kafka-unavailable");
    }
}
