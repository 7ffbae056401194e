package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

final class FreePortsTest {
    /** Takes some ports and keeps them until its input ends. */
    static final class Taker {
        private Taker() {}

        public static void main(String[] arguments) throws IOException {
            for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
                System.out.println(FreePorts.take());
            }
            System.out.println("end");
            System.in.readAllBytes();
        }
    }

    @Test
    void eachPortIsTakenOnceAndAServerCanHaveItAgain() throws IOException {
        Set<Integer> ports = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            int port = FreePorts.take();
            assertThat(ports.add(port)).as("port %s", port).isTrue();
            for (int start = 0; start < 2; start++) {
                try (ServerSocket server = bound(port)) {
                    assertThat(server.getLocalPort()).isEqualTo(port);
                }
            }
        }
    }

    /**
     * A process that this JVM starts at the same time has a copy of every open socket for a moment, until its own
     * program runs: then the port is still in use.
     */
    private static ServerSocket bound(int port) throws IOException {
        BindException inUse = new BindException();
        for (int attempt = 0; attempt < 10_000; attempt++) {
            try {
                return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
            } catch (BindException again) {
                inUse = again;
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
        }
        throw inUse;
    }

    @Test
    void anotherProcessDoesNotGetThePortsOfThisOne() throws Exception {
        Process other = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Taker.class.getName(),
                        "2000"))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8))) {
            Set<Integer> theirs = new HashSet<>();
            for (String line = lines.readLine(); !"end".equals(line); line = lines.readLine()) {
                theirs.add(Integer.valueOf(String.valueOf(line)));
            }
            for (int i = 0; i < 100; i++) {
                assertThat(theirs).hasSize(2000).doesNotContain(FreePorts.take());
            }
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void aClosedPortRefusesEveryConnection() {
        for (int i = 0; i < 2_000; i++) {
            assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), ClosedPort.number()).close())
                    .isInstanceOf(ConnectException.class);
        }
    }
}
