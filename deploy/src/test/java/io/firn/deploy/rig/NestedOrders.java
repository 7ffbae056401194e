package io.firn.deploy.rig;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Orders as {@code deploy/compose/orders.sh} makes them: keys that come again, a list of structs, a map. */
public final class NestedOrders {
    private NestedOrders() {}

    /** The order's key; every seventh is one of an earlier order. */
    public static String key(int n) {
        return "o-" + (n % 7 == 0 ? n / 2 : n);
    }

    /** Sends orders {@code from} until {@code to} and waits until all are acknowledged. */
    public static void send(String bootstrap, String topic, int partitions, int from, int to) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "acks", "all"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int n = from; n < to; n++) {
                String key = key(n);
                producer.send(new ProducerRecord<>(
                        topic,
                        Math.floorMod(key.hashCode(), partitions),
                        key.getBytes(StandardCharsets.UTF_8),
                        order(n).getBytes(StandardCharsets.UTF_8)));
            }
            producer.flush();
        }
    }

    private static String order(int n) {
        return String.format(
                Locale.ROOT,
                "{\"order_id\":\"%s\",\"customer\":\"c-%d\",\"amount\":\"%d.%02d\",\"status\":\"%s\","
                        + "\"placed_at\":\"2026-11-22T10:00:%02d.%06dZ\","
                        + "\"items\":[{\"sku\":\"s-%d\",\"quantity\":%d}],\"labels\":{\"channel\":\"web\"}}",
                key(n),
                n % 97,
                n % 500,
                n % 100,
                new String[] {"new", "paid", "packed", "sent"}[n % 4],
                n % 60,
                n,
                n % 31,
                n % 5 + 1);
    }
}
