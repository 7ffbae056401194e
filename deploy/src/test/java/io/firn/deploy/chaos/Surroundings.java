package io.firn.deploy.chaos;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.FakeClock;
import io.firn.deploy.rig.FaultyS3;
import io.firn.deploy.rig.FullDisk;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.Network;
import io.firn.deploy.rig.Network.To;
import io.firn.deploy.rig.PostgresServer;
import io.firn.deploy.rig.RestCatalogServer;
import io.firn.deploy.rig.S3ProxyProcess;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Everything around two Firn processes: broker, lake, and a network of each process to all of it. */
final class Surroundings implements AutoCloseable {
    /** Processes that share a topic. */
    static final int FLEET = 2;

    private final BrokerProcess broker;
    private final boolean ownBroker;
    private final Lake lake;
    private final Path files;
    private final Optional<FaultyS3> badDays;
    private final List<Network> networks;

    /**
     * @param lane whose ways to the broker they are; several share a broker
     * @param ownBroker whether nobody else needs it, so that it can be killed
     * @param lake as it is without any network; closed with this
     * @param files the folder in which the lake's files are in the end
     */
    private Surroundings(BrokerProcess broker, int lane, boolean ownBroker, Lake lake, Path files) {
        this.broker = broker;
        this.ownBroker = ownBroker;
        this.lake = lake;
        this.files = files;
        this.badDays = lake.server(S3ProxyProcess.class).map(FaultyS3::before);
        Map<String, String> properties = new HashMap<>(lake.properties());
        badDays.ifPresent(store -> properties.putAll(store.catalogProperties()));
        this.networks = IntStream.range(0, FLEET)
                .mapToObj(process -> new Network("firn-" + process, broker, FLEET * lane + process, properties))
                .toList();
    }

    /** By name: {@code s3}, {@code local} or {@code postgres}. */
    static Surroundings of(String lake, BrokerProcess broker, int lane, boolean ownBroker, Path directory, Path logs) {
        switch (lake) {
            case "s3":
                return new Surroundings(
                        broker, lane, ownBroker, Lake.s3AndRest(directory, logs), directory.resolve("s3/store"));
            case "local":
                return new Surroundings(broker, lane, ownBroker, Lake.local(directory), directory.resolve("warehouse"));
            case "postgres":
                String missing = PostgresServer.missing().orElse("");
                if (!missing.isEmpty()) {
                    throw new IllegalArgumentException(missing);
                }
                return new Surroundings(
                        broker, lane, ownBroker, Lake.postgres(directory), directory.resolve("warehouse"));
            default:
                throw new IllegalArgumentException("there is no lake '" + lake + "'; there are s3, local, postgres");
        }
    }

    BrokerProcess broker() {
        return broker;
    }

    Lake lake() {
        return lake;
    }

    Path files() {
        return files;
    }

    Network network(int process) {
        return networks.get(process);
    }

    S3ProxyProcess store() {
        return lake.server(S3ProxyProcess.class).orElseThrow();
    }

    FaultyS3 badDays() {
        return badDays.orElseThrow();
    }

    RestCatalogServer catalog() {
        return lake.server(RestCatalogServer.class).orElseThrow();
    }

    /** Whether that can happen here: a folder has no network, and a broker that others use is not killed. */
    boolean knows(FaultKind kind) {
        return switch (kind) {
            case KILL, FREEZE, RESTART, ROLLOUT -> true;
            case KAFKA_LATE, KAFKA_NARROW, KAFKA_PARTITION, KAFKA_RESET, KAFKA_ANSWER_LOST -> true;
            case CATALOG_LATE, CATALOG_NARROW, CATALOG_PARTITION, CATALOG_RESET, CATALOG_ANSWER_LOST ->
                network(0).to(To.CATALOG).isPresent();
            case STORE_LATE, STORE_NARROW, STORE_PARTITION, STORE_RESET, STORE_ANSWER_LOST ->
                network(0).to(To.STORE).isPresent();
            case BAD_RECORD_BESIDE, TABLE_CHANGED, GROUP_JOINED, LOCATION_SHARED -> true;
            case RIGHT_WITHDRAWN, TABLE_RENAMED_AWAY, PROPERTIES_SET -> true;
            case STAGED_ROWS_DELETED, KEYED_ROLLED_BACK -> true;
            case BROKER_KILL, BROKER_AWAY -> ownBroker;
            case CATALOG_RESTART, CATALOG_AWAY ->
                lake.server(RestCatalogServer.class).isPresent();
            case STORE_KILL, STORE_AWAY, STORE_THROTTLES, STORE_CUTS, STORE_FULL -> badDays.isPresent();
            case CLOCK_JUMP -> FakeClock.missing().isEmpty();
            case DISK_FULL -> FullDisk.missing().isEmpty();
        };
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable each : Stream.concat(networks.stream(), badDays.stream())
                .map(AutoCloseable.class::cast)
                .toList()) {
            each.close();
        }
        lake.close();
    }
}
