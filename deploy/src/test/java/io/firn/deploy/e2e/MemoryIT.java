package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.deploy.rig.TopicProducer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A small heap stays enough however many partitions there are. {@code -Dfirn.memory.seconds=600} is the long form.
 */
@Order(Integer.MAX_VALUE - 3)
class MemoryIT {
    private static final int PARTITIONS = 1000;
    private static final int TABLE_PARTITIONS = 200;
    private static final int RECORDS_PER_SECOND = 1000;
    private static final int SECONDS = Integer.getInteger("firn.memory.seconds", 10);
    private static final Path LOGS = OsProcess.logs("memory");
    private static final Pattern TOTAL = Pattern.compile("^Total\\s+\\d+\\s+(\\d+)", Pattern.MULTILINE);
    private static final Pattern RESIDENT = Pattern.compile("^VmRSS:\\s+(\\d+) kB", Pattern.MULTILINE);

    /** What may come and go between two looks: fetched batches, the row groups of open files, class loading. */
    private static final long MEMORY_BYTES = 96L << 20;

    private static final long SLACK_BYTES = 24L << 20;

    /** Fewer looks, each at another moment between two commits, cannot tell growth from buffers that fill. */
    private static final int ENOUGH_FOR_GROWTH = 30;

    @TempDir
    Path directory;

    @Test
    void a_thousand_topic_partitions_and_two_hundred_table_partitions_fit_in_a_heap_of_256_mb() throws Exception {
        try (BrokerProcess broker = BrokerProcess.start(directory.resolve("kafka"), LOGS);
                Lake lake = Lake.local(directory)) {
            broker.createTopic("wide", PARTITIONS, Map.of("segment.index.bytes", "65536"));
            Stage stage = new Stage(broker, lake, directory, LOGS, "wide");
            TableVerifier verifier = stage.verifier();
            Path config = stage.config("firn", "partition-by: [day(placed_at)]", "commit: {interval: 10s}");
            Files.writeString(config, "memory: 96MB\n", StandardOpenOption.APPEND);
            List<Long> live = new ArrayList<>();
            long records;
            try (TopicProducer producer = TopicProducer.steady(
                            broker.bootstrap(), "wide", PARTITIONS, RECORDS_PER_SECOND, TABLE_PARTITIONS);
                    FirnProcess service =
                            FirnProcess.of("memory", config, LOGS, "-Xmx256m").start()) {
                Eventually.holds(
                        "rows are committed",
                        Eventually.PATIENCE,
                        () -> verifier.ledger().values().stream().anyMatch(next -> next > 0),
                        service::tail);
                long deadline = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
                while (System.nanoTime() < deadline) {
                    assertThat(service.isAlive()).as(service.tail()).isTrue();
                    live.add(liveBytes(service.process().pid()));
                    System.out.println("[memory] live heap " + (live.get(live.size() - 1) >> 20) + " MB, resident "
                            + (residentBytes(service.process().pid()) >> 20) + " MB, "
                            + producer.acknowledged() + " records");
                    Eventually.pause(Duration.ofSeconds(Math.max(2, SECONDS / 60)));
                }
                producer.close();
                records = producer.acknowledged();
                Eventually.holds("the table holds everything", Eventually.PATIENCE, verifier::isDrained, service::tail);
                assertThat(service.terminate()).as(service.tail()).isZero();
            }
            assertThat(least(live)).as("live heap: %s", live).isLessThan(MEMORY_BYTES + SLACK_BYTES);
            if (live.size() >= ENOUGH_FOR_GROWTH) {
                int third = live.size() / 3;
                long early = least(live.subList(0, third));
                long late = least(live.subList(live.size() - third, live.size()));
                assertThat(late)
                        .as("live heap, least of the last third: %s", live)
                        .isLessThan(early + SLACK_BYTES);
            }
            TableVerifier.Report report = verifier.verify();
            assertThat(report.isExact()).as("%s", report).isTrue();
            assertThat(report.rows()).isEqualTo(records);
        }
    }

    /** A look in the middle of a commit sees its peak; what grows shows between commits, in the least. */
    private static long least(List<Long> values) {
        return values.stream().mapToLong(Long::longValue).min().orElse(0);
    }

    /** Bytes of reachable objects, after a full collection. */
    private static long liveBytes(long pid) throws IOException, InterruptedException {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(pid),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String output = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        jcmd.waitFor();
        Matcher total = TOTAL.matcher(output);
        if (!total.find()) {
            throw new AssertionError("jcmd said: " + output);
        }
        return Long.parseLong(total.group(1));
    }

    /** What the process takes of the machine's memory; 0 where the system does not say. */
    private static long residentBytes(long pid) throws IOException {
        Path status = Path.of("/proc", Long.toString(pid), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        Matcher resident = RESIDENT.matcher(Files.readString(status));
        return resident.find() ? Long.parseLong(resident.group(1)) << 10 : 0;
    }
}
