package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.SharedBroker;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.iceberg.DataFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Topics that were deleted and created again: offsets begin anew, and rows do not say of which topic they are. */
@ExtendWith(SharedBroker.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditRecreatedIT {
    private static final String OTHER_ID = "AAAAAAAAAAAAAAAAAAAAAQ";

    private AuditRig rig;

    @BeforeAll
    void start(BrokerProcess shared, @TempDir Path directory) {
        rig = new AuditRig(shared, directory, "recreated");
    }

    @AfterAll
    void stop() throws Exception {
        rig.close();
    }

    @Test
    void a_topic_of_another_id_is_not_compared() throws Exception {
        AuditRig.Audited orders = rig.audited(rig.topic(), OTHER_ID);
        orders.commit(0, 3, 0, 1, 2);
        AuditReport report = orders.audit();
        assertThat(report.partitions().get(0).unverifiable().offsets()).isEqualTo(3);
        assertThat(AuditRig.text(report)).contains("deleted or created again");
    }

    @Test
    void rows_of_the_earlier_topic_are_told_apart_and_counted() throws Exception {
        AuditRig.Audited orders = recreated();
        orders.commit(0, 3, 0, 1, 2);
        orders.goOverToTopicOfToday();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(AuditRig.text(report)).isTrue();
        assertThat(report.effectiveRows()).isEqualTo(13);
        assertThat(AuditRig.text(report))
                .contains("of an earlier topic of this name, id " + OTHER_ID
                        + "  offsets [0, 3)  rows 3; not verifiable");
        assertThat(report.json()).contains("\"topicId\":\"" + OTHER_ID + "\",\"earlierTopic\":true");
    }

    @Test
    void a_row_that_only_the_earlier_topic_has_is_missing_of_the_new_one() throws Exception {
        AuditRig.Audited orders = recreated();
        orders.commit(0, 3, 0, 1, 2);
        orders.goOverToTopicOfToday();
        orders.commit(0, 10, 0, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(partition(orders.audit(), 0).missing().first()).containsExactly(new OffsetRange(1, 2));
    }

    @Test
    void doubled_rows_of_either_topic_are_named() throws Exception {
        AuditRig.Audited orders = recreated();
        orders.commit(0, 3, 0, 1, 1, 2);
        orders.goOverToTopicOfToday();
        orders.commit(0, 10, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9);
        for (AuditReport report : List.of(orders.audit(), orders.audit(3))) {
            assertThat(partition(report, 0).doubled().first()).containsExactly(new OffsetRange(4, 5));
            assertThat(partition(report, 1).doubled().first()).containsExactly(new OffsetRange(1, 2));
        }
    }

    @Test
    void rows_of_both_topics_in_one_rewritten_file_are_counted_and_said_to_be_of_either() throws Exception {
        AuditRig.Audited orders = recreated();
        DataFile before = orders.commit(0, 3, 0, 1, 2);
        orders.goOverToTopicOfToday();
        DataFile after = orders.commit(0, 5, 0, 1, 2, 3, 4);
        orders.commit(5, 10, 5, 6, 7, 8, 9);
        DataFile merged = orders.rewrite(before, after, 0, 0, 1, 1, 2, 2, 3, 4);
        for (AuditReport report : List.of(orders.audit(), orders.audit(3))) {
            assertThat(report.isClean()).as(AuditRig.text(report)).isTrue();
            assertThat(report.effectiveRows()).isEqualTo(13);
            assertThat(AuditRig.text(report)).contains("[0, 3) (rewritten into one file with rows of an earlier topic");
        }
        DataFile once = orders.commit(10, 10, 4);
        assertThat(partition(orders.audit(), 0).doubled().first()).containsExactly(new OffsetRange(4, 5));
        orders.rewrite(merged, once, 0, 0, 0, 1, 1, 2, 2, 3, 4);
        assertThat(partition(orders.audit(), 0).doubled().first()).containsExactly(new OffsetRange(0, 1));
    }

    @Test
    void rows_of_the_earlier_topic_past_its_end_are_named() throws Exception {
        AuditRig.Audited orders = recreated();
        orders.commit(0, 3, 0, 1, 2, 7);
        orders.goOverToTopicOfToday();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        assertThat(partition(orders.audit(), 1).outside().first()).containsExactly(new OffsetRange(7, 8));
    }

    /** Ten orders, and a table that still knows the topic by an id before. */
    private AuditRig.Audited recreated() throws Exception {
        return rig.audited(rig.topicOfTenOrders(), OTHER_ID);
    }

    /** Of the current topic first, then the earlier one. */
    private static PartitionAudit partition(AuditReport report, int index) {
        return report.partitions().get(index);
    }
}
