package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.Assembly;
import io.firn.deploy.Service;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OrderWriter;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.ingest.PipelineListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
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

    private Path folder(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    private Stage stage(BrokerProcess broker, Lake lake, String folder) {
        return new Stage(broker, lake, directory.resolve(folder), OsProcess.logs("groups"), "twice");
    }

    private Service service(BrokerProcess broker, Lake lake, String folder) {
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        Path config = stage(broker, lake, folder).config("firn");
        return Service.start(assembly, assembly.configuration(config), PipelineListener.NONE);
    }
}
