package io.firn.ingest.poll;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.junit.jupiter.api.Test;

class MembershipTest {
    private static final CommitFailedException DENIED = new CommitFailedException("unknown member");

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final Membership membership = new Membership(nanos::get);

    @Test
    void is_over_where_kafka_denies_it_again_after_fifteen_seconds() {
        membership.reported(DENIED);
        pass(14_999);
        membership.reported(DENIED);
        assertThat(membership.isOver()).isFalse();
        pass(1);
        assertThat(membership.isOver()).isFalse();
        membership.reported(DENIED);
        assertThat(membership.isOver()).isTrue();
    }

    @Test
    void one_report_that_is_refused_is_nothing_however_long_ago() {
        membership.reported(DENIED);
        pass(3_600_000);
        assertThat(membership.isOver()).isFalse();
    }

    @Test
    void goes_on_where_a_report_is_taken_again_or_the_group_is_heard_of() {
        membership.reported(DENIED);
        membership.reported(null);
        pass(20_000);
        membership.reported(DENIED);
        assertThat(membership.isOver()).isFalse();
        membership.heardOf();
        pass(20_000);
        membership.reported(DENIED);
        assertThat(membership.isOver()).isFalse();
        pass(20_000);
        membership.reported(DENIED);
        assertThat(membership.isOver()).isTrue();
        membership.heardOf();
        assertThat(membership.isOver()).isFalse();
    }

    @Test
    void a_broker_that_does_not_answer_says_nothing_about_the_member() {
        membership.reported(new RetriableCommitFailedException("no coordinator"));
        pass(60_000);
        assertThat(membership.isOver()).isFalse();
    }

    private void pass(long millis) {
        nanos.addAndGet(millis * 1_000_000);
    }
}
