package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.deploy.rig.Eventually;
import io.firn.ingest.PipelineRunner;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.PipelineStatus.State;
import io.firn.ingest.RunningPipeline;
import io.firn.ingest.record.PipelineHealth;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pipelines of one process, whose runs do what the test says, on a clock that the test advances. */
final class SupervisorsTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    private static final FirnException BAD_RECORD =
            FirnException.data("bad-record", "record cannot become a row", "orders-0-17", "correct the producer");

    private static final FirnException MISFIT =
            FirnException.user("schema-misfit", "the schema does not fit", "table shop.orders", "correct it");

    private final Time time = new Time();
    private final List<PipelineSupervisor> started = new ArrayList<>();

    /** Stands still until the test advances it. */
    private static final class Time extends Clock {
        private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @SuppressWarnings("NonAtomicVolatileUpdate") // by the test alone
        void pass(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** A run that fails when it is told to. */
    private static final class Run implements RunningPipeline {
        private final String name;
        private volatile @Nullable FirnException failure;
        private volatile boolean stopped;
        private volatile boolean closed;
        private volatile boolean paused;

        Run(String name) {
            this.name = name;
        }

        void fail(FirnException with) {
            failure = with;
        }

        @Override
        public void start() {}

        @Override
        public boolean await(Duration timeAllowed) {
            FirnException thrown = failure;
            if (thrown != null) {
                throw thrown;
            }
            return stopped;
        }

        @Override
        public boolean stop(Duration timeAllowed) {
            stopped = true;
            return true;
        }

        @Override
        public void pause(boolean wanted) {
            paused = wanted;
        }

        @Override
        public PipelineStatus status() {
            return new PipelineStatus(
                    name,
                    paused ? State.PAUSED : State.RUNNING,
                    List.of(),
                    7,
                    0,
                    Optional.empty(),
                    OptionalLong.empty(),
                    0,
                    new PipelineStatus.Figures(0, 0, 0),
                    Optional.empty(),
                    List.of());
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** Builds runs, or fails to. */
    private static final class Builds implements PipelineSupervisor.Builder {
        private final String name;
        private final List<Run> runs = new CopyOnWriteArrayList<>();
        private volatile @Nullable Throwable failure;
        private volatile int failed;

        Builds(String name) {
            this.name = name;
        }

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate") // by the supervisor's thread alone
        public RunningPipeline build() {
            Throwable thrown = failure;
            if (thrown != null) {
                failed++;
                if (thrown instanceof Error) {
                    throw (Error) thrown;
                }
                throw (RuntimeException) thrown;
            }
            Run run = new Run(name);
            runs.add(run);
            return run;
        }

        Run run() {
            Eventually.holds(name + " is built", SOON, () -> !runs.isEmpty());
            return runs.get(runs.size() - 1);
        }
    }

    private Supervisors supervisors(Service.OnPipelineFailure onFailure, Builds... builds) {
        Supervisors all = new Supervisors(
                Arrays.stream(builds).map(each -> supervisor(each, onFailure)).toList(), onFailure);
        all.start();
        return all;
    }

    private PipelineSupervisor supervisor(Builds builds, Service.OnPipelineFailure onFailure) {
        PipelineSupervisor supervisor = new PipelineSupervisor(
                builds.name, builds, new PipelineHealth(time), new PipelineRunner.Times(time, time), onFailure);
        started.add(supervisor);
        return supervisor;
    }

    @AfterEach
    void close() {
        started.forEach(PipelineSupervisor::close);
    }

    private static void awaitState(Supervisors all, String name, State state) {
        Eventually.holds(
                name + " is " + state, SOON, () -> all.of(name).status().state() == state);
    }

    @Test
    void failureOfOnePipelineLeavesTheOthersRunning() {
        Builds orders = new Builds("orders");
        Builds visits = new Builds("visits");
        Supervisors all = supervisors(Service.OnPipelineFailure.CONTINUE, orders, visits);
        visits.run();

        orders.run().fail(BAD_RECORD);
        awaitState(all, "orders", State.FAILED);

        PipelineStatus failed = all.of("orders").status();
        assertThat(failed.works()).isFalse();
        assertThat(failed.commits()).as("what it counted is still shown").isEqualTo(7);
        assertThat(failed.failure()).hasValueSatisfying(failure -> {
            assertThat(failure.code()).isEqualTo("bad-record");
            assertThat(failure.where()).isEqualTo("orders-0-17");
            assertThat(failure.action()).isEqualTo("correct the producer");
            assertThat(failure.at()).isEqualTo(time.instant());
        });
        assertThat(orders.run().closed).as("its memory is free").isTrue();
        assertThat(all.of("visits").status().works()).isTrue();
        assertThat(all.failure()).isEmpty();
    }

    @Test
    void restartStartsTheFailedPipelineAloneAndKeepsItsPause() {
        Builds orders = new Builds("orders");
        Builds visits = new Builds("visits");
        Supervisors all = supervisors(Service.OnPipelineFailure.CONTINUE, orders, visits);
        visits.run();
        awaitState(all, "orders", State.RUNNING);
        all.of("orders").pause(true);
        orders.run().fail(BAD_RECORD);
        awaitState(all, "orders", State.FAILED);

        all.of("orders").restart();
        awaitState(all, "orders", State.PAUSED);

        assertThat(orders.runs).hasSize(2);
        assertThat(visits.runs).hasSize(1);
        assertThat(all.of("orders").status().failure()).isEmpty();
    }

    @Test
    void restartOfARunningPipelineStopsItInOrderFirst() {
        Builds orders = new Builds("orders");
        Supervisors all = supervisors(Service.OnPipelineFailure.CONTINUE, orders);
        awaitState(all, "orders", State.RUNNING);

        all.of("orders").restart();
        Eventually.holds("a second run", SOON, () -> orders.runs.size() == 2);

        assertThat(orders.runs.get(0).stopped).isTrue();
        assertThat(all.failure()).isEmpty();
    }

    @Test
    void processEndsWhenAllHaveFailedAndByOneThatAnotherStartMayMend() {
        Builds orders = new Builds("orders");
        Builds visits = new Builds("visits");
        orders.failure = MISFIT;
        Supervisors all = supervisors(Service.OnPipelineFailure.CONTINUE, orders, visits);
        awaitState(all, "orders", State.FAILED);
        assertThat(all.failure()).isEmpty();

        visits.run().fail(BAD_RECORD);
        awaitState(all, "visits", State.FAILED);

        assertThat(all.failure()).contains(BAD_RECORD);
    }

    @Test
    void everyFailureEndsTheProcessThatFailsFast() {
        Builds orders = new Builds("orders");
        Builds visits = new Builds("visits");
        FirnException away = FirnException.external("catalog-unreachable", "away", "", "", new RuntimeException());
        orders.failure = away;
        Supervisors all = supervisors(Service.OnPipelineFailure.END, orders, visits);

        Eventually.holds("the process ends", SOON, () -> all.failure().isPresent());

        assertThat(all.failure()).contains(away);
    }

    @Test
    void systemThatIsAwayAtTheStartIsWaitedForAndShown() {
        Builds orders = new Builds("orders");
        orders.failure = FirnException.external("catalog-unreachable", "away", "", "", new RuntimeException());
        Supervisors all = supervisors(Service.OnPipelineFailure.CONTINUE, orders);

        Eventually.holds(
                "the trouble is shown",
                SOON,
                () -> !all.of("orders").status().troubles().isEmpty());
        assertThat(all.of("orders").status().state()).isEqualTo(State.STARTING);
        assertThat(all.of("orders").status().trouble()).contains("start: away");
        assertThat(all.hasOpened("orders")).isFalse();
        assertThat(all.failure()).isEmpty();

        time.pass(Duration.ofSeconds(1));
        Eventually.holds("a second start", SOON, () -> orders.failed == 2);
        orders.failure = null;
        time.pass(Duration.ofSeconds(2));
        awaitState(all, "orders", State.RUNNING);

        assertThat(all.of("orders").health().troubles()).isEmpty();
        assertThat(all.hasOpened("orders")).isTrue();
    }

    @Test
    void pipelineWithoutMemoryFailsAndIsStartedAgainAfterAWhile() {
        Builds orders = new Builds("orders");
        Builds visits = new Builds("visits");
        orders.failure = new OutOfMemoryError("Java heap space");
        Supervisors all = supervisors(Service.OnPipelineFailure.CONTINUE, orders, visits);
        awaitState(all, "orders", State.FAILED);
        assertThat(all.of("orders").status().failure())
                .hasValueSatisfying(failure -> assertThat(failure.code()).isEqualTo("out-of-memory"));

        orders.failure = null;
        time.pass(Duration.ofSeconds(9));
        assertThat(orders.runs).isEmpty();
        time.pass(Duration.ofSeconds(1));
        awaitState(all, "orders", State.RUNNING);

        assertThat(visits.runs).hasSize(1);
    }

    @Test
    void stopWithAFailedPipelineIsNotClean() throws Exception {
        Builds orders = new Builds("orders");
        Builds visits = new Builds("visits");
        Supervisors all = supervisors(Service.OnPipelineFailure.CONTINUE, orders, visits);
        orders.run().fail(BAD_RECORD);
        awaitState(all, "orders", State.FAILED);

        assertThat(all.stop(SOON)).isFalse();

        assertThat(visits.run().stopped).as("the others commit").isTrue();
    }

    @Test
    void stopOfRunningPipelinesIsClean() throws Exception {
        Builds orders = new Builds("orders");
        Builds visits = new Builds("visits");
        Supervisors all = supervisors(Service.OnPipelineFailure.CONTINUE, orders, visits);
        orders.run();
        visits.run();

        assertThat(all.stop(SOON)).isTrue();
    }
}
