package io.firn.deploy.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.ClosedPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each fault of the network as a client and a server see it. */
final class TcpProxyTest {
    private static final int PATIENCE_MILLIS = (int) Eventually.PATIENCE.toMillis();
    private static final int SHORT_MILLIS = 150;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger served = new AtomicInteger();
    private ServerSocket server;
    private TcpProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        threads.execute(this::accept);
        proxy = TcpProxy.before("test", server.getLocalPort());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        server.close();
        threads.shutdownNow();
    }

    /** Answers every byte with the one after it. */
    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                threads.execute(() -> {
                    try (client) {
                        int read = client.getInputStream().read();
                        while (read >= 0) {
                            served.incrementAndGet();
                            client.getOutputStream().write(read + 1);
                            read = client.getInputStream().read();
                        }
                    } catch (IOException gone) {
                        served.addAndGet(0);
                    }
                });
            }
        } catch (IOException closed) {
            threads.shutdown();
        }
    }

    private Socket connect() throws IOException {
        return connect(proxy);
    }

    private static Socket connect(TcpProxy proxy) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private static int ask(Socket socket, int value) throws IOException {
        socket.getOutputStream().write(value);
        return socket.getInputStream().read();
    }

    @Test
    void without_a_fault_bytes_pass_both_ways_and_so_does_the_end() throws IOException {
        try (Socket client = connect()) {
            assertThat(ask(client, 1)).isEqualTo(2);
            assertThat(ask(client, 7)).isEqualTo(8);
            client.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void many_bytes_pass_as_they_are() throws Exception {
        try (Socket client = connect()) {
            byte[] many = new byte[200_000];
            for (int i = 0; i < many.length; i++) {
                many[i] = (byte) (i % 100);
            }
            threads.execute(() -> {
                try {
                    client.getOutputStream().write(many);
                } catch (IOException failed) {
                    throw new java.io.UncheckedIOException(failed);
                }
            });
            byte[] answer = client.getInputStream().readNBytes(many.length);
            for (int i = 0; i < many.length; i++) {
                assertThat(answer[i]).isEqualTo((byte) (many[i] + 1));
            }
        }
    }

    @Test
    void delayed_bytes_come_late_both_ways() throws IOException {
        try (Socket client = connect()) {
            ask(client, 1);
            proxy.delay(Duration.ofMillis(SHORT_MILLIS));
            long before = System.nanoTime();
            assertThat(ask(client, 1)).isEqualTo(2);
            assertThat(System.nanoTime() - before).isGreaterThan(2 * SHORT_MILLIS * 1_000_000L);
        }
    }

    @Test
    void a_limit_makes_many_bytes_slow() throws IOException {
        try (Socket client = connect()) {
            ask(client, 1);
            proxy.limit(1_000);
            long before = System.nanoTime();
            client.getOutputStream().write(new byte[200]);
            client.getInputStream().readNBytes(200);
            assertThat(System.nanoTime() - before).isGreaterThan(150_000_000L);
        }
    }

    @Test
    void a_limit_that_ends_half_way_changes_no_byte() throws IOException {
        try (Socket client = connect()) {
            proxy.limit(2_000);
            byte[] many = new byte[5_000];
            for (int i = 0; i < many.length; i++) {
                many[i] = (byte) (i % 100);
            }
            client.getOutputStream().write(many);
            byte[] first = client.getInputStream().readNBytes(100);
            proxy.calm();
            byte[] rest = client.getInputStream().readNBytes(many.length - first.length);
            for (int i = 0; i < rest.length; i++) {
                assertThat(rest[i]).isEqualTo((byte) (many[first.length + i] + 1));
            }
        }
    }

    @Test
    void in_a_partition_nothing_passes_and_everything_stays_open_and_afterwards_it_goes_on() throws IOException {
        try (Socket before = connect()) {
            ask(before, 1);
            proxy.partition();
            before.setSoTimeout(SHORT_MILLIS);
            assertThatThrownBy(() -> ask(before, 5)).isInstanceOf(SocketTimeoutException.class);
            try (Socket during = connect()) {
                during.setSoTimeout(SHORT_MILLIS);
                assertThatThrownBy(() -> ask(during, 6)).isInstanceOf(SocketTimeoutException.class);
                assertThat(served).hasValue(1);
                proxy.calm();
                before.setSoTimeout(PATIENCE_MILLIS);
                during.setSoTimeout(PATIENCE_MILLIS);
                assertThat(before.getInputStream().read()).isEqualTo(6);
                assertThat(during.getInputStream().read()).isEqualTo(7);
            }
        }
    }

    @Test
    void a_reset_ends_every_connection_there_is_and_no_later_one() throws IOException {
        try (Socket client = connect()) {
            ask(client, 1);
            proxy.resetAll();
            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
        }
        assertThat(proxy.resets()).isEqualTo(1);
        try (Socket client = connect()) {
            assertThat(ask(client, 3)).isEqualTo(4);
        }
    }

    @Test
    void a_lost_answer_is_one_whose_request_took_effect() throws IOException {
        try (Socket client = connect()) {
            ask(client, 1);
            proxy.loseAnswers();
            assertThatThrownBy(() -> ask(client, 3)).isInstanceOf(SocketException.class);
        }
        assertThat(served).hasValue(2);
        assertThat(proxy.lostAnswers()).isEqualTo(1);
        proxy.calm();
        try (Socket client = connect()) {
            assertThat(ask(client, 3)).isEqualTo(4);
        }
    }

    @Test
    void nobody_behind_it_means_that_connections_end() throws IOException {
        try (TcpProxy nowhere = TcpProxy.before("nowhere", ClosedPort.number());
                Socket client = connect(nowhere)) {
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        } catch (SocketException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }

    @Test
    void one_thread_serves_all_connections() throws IOException {
        Socket[] many = new Socket[40];
        for (int i = 0; i < many.length; i++) {
            many[i] = connect();
            assertThat(ask(many[i], i)).isEqualTo(i + 1);
        }
        assertThat(Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("network-test")))
                .hasSize(1);
        for (Socket socket : many) {
            socket.close();
        }
    }
}
