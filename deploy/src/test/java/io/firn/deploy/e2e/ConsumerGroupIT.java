package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Tables;
import io.firn.deploy.Assembly;
import io.firn.deploy.Service;
import io.firn.deploy.audit.PipelineAudit;
import io.firn.deploy.audit.Progress;
import io.firn.deploy.check.StoreWrites;
import io.firn.deploy.check.SystemsCheck;
import io.firn.deploy.config.ConfigProblem;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OrderWriter;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.ingest.PipelineListener;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.poll.ReaderIdentity;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.iceberg.catalog.Catalog;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who shares a consumer group with whom. */
@ExtendWith(SharedBroker.class)
class ConsumerGroupIT {
    private static final int RECORDS = 400;
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @Test
    void two_services_with_one_pipeline_name_and_two_catalogs_read_everything_each(BrokerProcess broker)
            throws Exception {
        broker.createTopic("twice", 2, Map.of());
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "twice")) {
            writer.orders(0, RECORDS / 2).orders(1, RECORDS / 2);
        }
        try (Lake one = Lake.local(folder("one"));
                Lake other = Lake.local(folder("other"));
                Service first = service(broker, one, "one");
                Service second = service(broker, other, "other")) {
            for (Lake lake : new Lake[] {one, other}) {
                Stage stage = stage(broker, lake, "one");
                Eventually.holds(
                        "the table has all",
                        SOON,
                        () -> stage.verifier().verify().rows() == RECORDS);
            }
            assertThat(first.stop(SOON)).isTrue();
            assertThat(second.stop(SOON)).isTrue();
        }
    }

    @Test
    void the_lag_of_every_partition_is_known_and_a_member_that_is_not_firns_is_named(BrokerProcess broker)
            throws Exception {
        broker.createTopic("strange", 4, Map.of());
        try (Lake lake = Lake.local(folder("lake"));
                OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "strange")) {
            writer.orders(0, 5);
            Stage stage = new Stage(broker, lake, folder("lake"), OsProcess.logs("groups"), "strange");
            try (Service service = service(stage.config("firn"))) {
                assertThat(lag(service)).as("before anything is known").isEmpty();
                Eventually.holds("the lag is known", SOON, () -> lag(service).orElse(-1) == 0);
                String group = new ReaderIdentity("strange", Tables.uuid(lake.table(stage.table()))).group();
                try (KafkaConsumer<byte[], byte[]> stranger = stranger(broker, group)) {
                    stranger.subscribe(List.of("strange"));
                    Eventually.holds("it has partitions", SOON, () -> {
                        stranger.poll(Duration.ofMillis(100));
                        return !stranger.assignment().isEmpty();
                    });
                    for (int partition = 0; partition < 4; partition++) {
                        writer.orders(partition, 10);
                    }
                    Eventually.holds("it is named", SOON, () -> {
                        stranger.poll(Duration.ofMillis(100));
                        PipelineStatus status = service.pipelines().get(0);
                        String trouble = status.trouble().orElse("");
                        return trouble.contains("client stranger on host 127.0.0.1")
                                && trouble.contains(
                                        stranger.assignment().iterator().next().toString())
                                && !status.works()
                                && status.partitions().size() == 4
                                && lag(service).orElse(-1)
                                        == 10L * stranger.assignment().size();
                    });
                }
                Eventually.holds(
                        "all is well again",
                        SOON,
                        () -> lag(service).orElse(-1) == 0
                                && service.pipelines().get(0).works());
            }
        }
    }

    private static KafkaConsumer<byte[], byte[]> stranger(BrokerProcess broker, String group) {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrap(),
                        "group.id",
                        group,
                        "client.id",
                        "stranger",
                        "partition.assignment.strategy",
                        CooperativeStickyAssignor.class.getName(),
                        "auto.offset.reset",
                        "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** Of all partitions; empty while one is unknown. */
    private static OptionalLong lag(Service service) {
        List<PipelineStatus.PartitionStatus> partitions =
                service.pipelines().get(0).partitions();
        return partitions.isEmpty()
                        || partitions.stream().anyMatch(each -> each.lag().isEmpty())
                ? OptionalLong.empty()
                : OptionalLong.of(partitions.stream()
                        .mapToLong(each -> each.lag().getAsLong())
                        .sum());
    }

    /** With a session that no test waits for: what the killed process held comes back by its name alone. */
    @Test
    void a_process_that_is_killed_and_started_again_takes_its_partitions_back_before_its_session_is_over(
            BrokerProcess broker) throws Exception {
        int partitions = 4;
        broker.createTopic("killed", partitions, Map.of());
        try (Lake lake = Lake.local(folder("lake"));
                OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "killed")) {
            Stage stage = new Stage(broker, lake, folder("lake"), OsProcess.logs("groups"), "killed");
            Path config = stage.configWithKafka("firn", Map.of("session.timeout.ms", "600000"));
            String locks = "-Djava.io.tmpdir=" + folder("locks");
            try (FirnProcess one = FirnProcess.of("killed-one", config, stage.logs(), locks, "-Xmx256m");
                    FirnProcess other = FirnProcess.of("killed-other", config, stage.logs(), locks, "-Xmx256m")) {
                one.start().awaitJoined();
                other.start().awaitJoined();
                String name = instance(one);
                assertThat(instance(other)).isEqualTo(name + "_2");
                writeAndAwait(writer, stage, partitions, 10);

                one.kill9();
                one.start().awaitJoined();
                writeAndAwait(writer, stage, partitions, 20);
                assertThat(instance(one)).isEqualTo(name);
            }
        }
    }

    private static String instance(FirnProcess process) {
        Matcher said = Pattern.compile("\\binstance (\\S+)").matcher(process.outputSinceStart());
        assertThat(said.find()).as(process.tail()).isTrue();
        return said.group(1);
    }

    private static void writeAndAwait(OrderWriter writer, Stage stage, int partitions, int rowsOfEach) {
        for (int partition = 0; partition < partitions; partition++) {
            writer.orders(partition, 10);
        }
        Eventually.holds(
                "the table has all",
                Eventually.PATIENCE,
                () -> stage.verifier().verify().rows() == (long) partitions * rowsOfEach);
    }

    @Test
    void a_renamed_pipeline_is_refused_until_it_says_its_earlier_name(BrokerProcess broker) throws Exception {
        broker.createTopic("renamed", 2, Map.of());
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "renamed")) {
            writer.orders(0, 10).orders(1, 10);
        }
        try (Lake lake = Lake.local(folder("lake"))) {
            Stage stage = new Stage(broker, lake, folder("lake"), OsProcess.logs("groups"), "renamed");
            Path before = stage.config("before");
            runUntil(before, 20, stage);
            String renamed = Files.readString(before).replace("\n  renamed:\n", "\n  anew:\n");
            Path after = Files.writeString(directory.resolve("after.yaml"), renamed);

            assertThat(check(after)).anySatisfy(problem -> {
                assertThat(problem.what()).contains("pipeline renamed", "anew", "second time");
                assertThat(problem.action()).contains("renamed-from: renamed", "second-reading-beside: [renamed]");
            });
            try (Service refused = service(after)) {
                Eventually.holds(
                        "it stops", SOON, () -> refused.pipelines().get(0).state() == PipelineStatus.State.FAILED);
                assertThat(refused.pipelines().get(0).trouble().orElse("")).contains("renamed-from: renamed");
            }

            Path moved = Files.writeString(
                    directory.resolve("moved.yaml"),
                    renamed.replace("\n  anew:\n", "\n  anew:\n    renamed-from: renamed\n"));
            assertThat(check(moved)).isEmpty();
            try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "renamed")) {
                writer.orders(0, 5);
            }
            runUntil(moved, 25, stage);
            assertThat(lake.table(stage.table()).currentSnapshot().summary().get("firn.offsets"))
                    .contains("\"anew\"")
                    .doesNotContain("\"renamed\":{\"renamed\"");

            try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "renamed")) {
                writer.orders(1, 7);
            }
            assertThat(audit(moved))
                    .contains("renamed-1  above the ledger: 7 offsets", "Clean: 25 rows")
                    .contains("7 offsets above it are not in the table yet, the oldest record from 20")
                    .doesNotContain("records above the ledger");
        }
    }

    private void runUntil(Path config, long rows, Stage stage) throws Exception {
        TableVerifier verifier =
                new TableVerifier(stage.lake(), stage.table(), stage.broker().bootstrap(), "anew", stage.topic());
        try (Service service = service(config)) {
            Eventually.holds("the table has all", SOON, () -> verifier.verify().rows() == rows);
            assertThat(service.stop(SOON)).isTrue();
        }
    }

    private static String audit(Path config) {
        Configuration configuration = assembly().configuration(config);
        Catalog catalog = assembly().catalog(configuration);
        try {
            StringWriter text = new StringWriter();
            Map.Entry<String, PipelineConfig> pipeline =
                    configuration.pipelines().entrySet().iterator().next();
            new PipelineAudit(
                            catalog,
                            pipeline.getKey(),
                            pipeline.getValue(),
                            configuration,
                            Progress.silent(),
                            PipelineAudit.Depth.SOURCE_COLUMNS)
                    .run()
                    .print(new PrintWriter(text));
            return text.toString();
        } finally {
            Service.close(catalog);
        }
    }

    private static List<ConfigProblem> check(Path config) {
        return new SystemsCheck(
                        assembly(), assembly().configuration(config), config.toString(), StoreWrites.TRIED, line -> {})
                .run(0)
                .problems();
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    private Stage stage(BrokerProcess broker, Lake lake, String folder) {
        return new Stage(broker, lake, directory.resolve(folder), OsProcess.logs("groups"), "twice");
    }

    private Service service(BrokerProcess broker, Lake lake, String folder) {
        return service(stage(broker, lake, folder).config("firn"));
    }

    private static Service service(Path config) {
        return Service.start(assembly(), assembly().configuration(config), PipelineListener.NONE);
    }

    private static Assembly assembly() {
        return new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
    }
}
