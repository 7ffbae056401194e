package io.firn.deploy.watch;

import io.firn.catalog.FailureText;
import io.firn.ingest.record.Outage;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the brokers for a sign of life every 4 s: a pipeline that waits for records cannot tell a quiet topic from a
 * broker that is gone.
 */
public final class BrokerWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BrokerWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(4);

    /** Together with the interval below the 10 s in which an outage has to show. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Map<String, Object> kafka;
    private final Outage outage;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "firn-broker-watch");
    private @Nullable Admin admin;

    /**
     * @param kafka client properties
     * @param outages receives when the brokers do not answer
     */
    public BrokerWatch(Map<String, String> kafka, Outage.Listener outages) {
        this.kafka = new HashMap<>(kafka);
        this.outage = new Outage("Kafka", LOG::warn, outages);
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            do {
                look();
            } while (!closing.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        } finally {
            forget();
        }
    }

    private void look() throws InterruptedException {
        int millis = (int) PATIENCE.toMillis();
        try {
            Admin asked = admin == null ? Admin.create(kafka) : admin;
            admin = asked;
            var unused = asked.describeCluster(new DescribeClusterOptions().timeoutMs(millis))
                    .clusterId()
                    .get(2L * millis, TimeUnit.MILLISECONDS);
            outage.over();
        } catch (ExecutionException | TimeoutException | KafkaException failed) {
            outage.met("the brokers do not answer, so whether there are new records is not known: "
                    + FailureText.of(failed));
            forget();
        }
    }

    /** The next look makes its own: after a failure of its configuration or its names the old one may never answer. */
    private void forget() {
        Admin asked = admin;
        admin = null;
        if (asked != null) {
            asked.close(Duration.ZERO);
        }
    }

    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
    }
}
