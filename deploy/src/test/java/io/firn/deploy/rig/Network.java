package io.firn.deploy.rig;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The networks between one Firn process and Kafka, catalog and store. Settings are impatient, so that a network that is
 * gone for seconds is longer gone than anybody waits for an answer.
 */
public final class Network implements AutoCloseable {
    private static final Pattern HOST_AND_PORT = Pattern.compile("127\\.0\\.0\\.1:(\\d+)");
    private static final String PATIENCE_MILLIS = "3000";
    private static final String PATIENCE_SECONDS = "3";

    private final EnumMap<To, TcpProxy> proxies = new EnumMap<>(To.class);
    private final Map<String, String> catalog;
    private final Map<String, String> kafka;

    /** What is at the other end. */
    public enum To {
        KAFKA,
        CATALOG,
        STORE
    }

    /**
     * Without faults.
     *
     * @param way which of the broker's networks
     * @param properties of the catalog as it is reached directly; what is reached by TCP gets a network
     */
    public Network(String name, BrokerProcess broker, int way, Map<String, String> properties) {
        this.catalog = new HashMap<>(properties);
        this.kafka = new HashMap<>(broker.login());
        kafka.put("bootstrap.servers", broker.bootstrap(way));
        proxies.put(To.KAFKA, broker.network(way));
        divert(name, To.CATALOG, "uri");
        divert(name, To.STORE, "s3.endpoint");
        catalog.put("rest.client.connection-timeout-ms", PATIENCE_MILLIS);
        catalog.put("rest.client.socket-timeout-ms", PATIENCE_MILLIS);
        catalog.put("http-client.apache.connection-timeout-ms", PATIENCE_MILLIS);
        catalog.put("http-client.apache.socket-timeout-ms", PATIENCE_MILLIS);
        catalog.put("s3.retry.num-retries", "1");
        catalog.put("s3.retry.min-wait-ms", "100");
        catalog.put("s3.retry.max-wait-ms", "400");
        if (properties.getOrDefault("uri", "").startsWith("jdbc:postgresql")) {
            catalog.put("jdbc.connectTimeout", PATIENCE_SECONDS);
            catalog.put("jdbc.socketTimeout", PATIENCE_SECONDS);
        }
    }

    private void divert(String name, To to, String key) {
        Matcher address = HOST_AND_PORT.matcher(catalog.getOrDefault(key, ""));
        if (address.find()) {
            TcpProxy proxy = TcpProxy.before(name + "-" + to, Integer.parseInt(address.group(1)));
            proxies.put(to, proxy);
            catalog.put(key, address.replaceFirst("127.0.0.1:" + proxy.port()));
        }
    }

    /** Empty where that is not reached by TCP, as a folder. */
    public Optional<TcpProxy> to(To end) {
        return Optional.ofNullable(proxies.get(end));
    }

    public Map<String, String> kafkaProperties() {
        Map<String, String> properties = new HashMap<>(kafka);
        properties.putAll(Map.of(
                "metadata.max.age.ms", "1000",
                "session.timeout.ms", BrokerProcess.SESSION_MILLIS,
                "request.timeout.ms", "3000",
                "default.api.timeout.ms", "6000",
                "socket.connection.setup.timeout.ms", PATIENCE_MILLIS,
                "reconnect.backoff.max.ms", "500"));
        return properties;
    }

    public Map<String, String> catalogProperties() {
        return Map.copyOf(catalog);
    }

    /** No faults any more. */
    public void calm() {
        proxies.values().forEach(TcpProxy::calm);
    }

    /** The broker's network stays, without faults. */
    @Override
    public void close() {
        proxies.forEach((to, proxy) -> {
            if (to == To.KAFKA) {
                proxy.calm();
            } else {
                proxy.close();
            }
        });
    }
}
