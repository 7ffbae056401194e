package io.firn.catalog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for servers that must know theirs before they start, or that start again on the same one. A server that can
 * bind port 0 does that instead.
 *
 * <p>A port that was free a moment ago is not enough: the system may give it to an outgoing connection, and another
 * build on this machine may choose the same one. These ports are below the range of outgoing connections, and each is
 * locked for as long as this JVM lives.
 */
public final class FreePorts {
    private static final int LOWEST = 15_000;

    /** Linux's default start of the range of outgoing connections. */
    private static final int DEFAULT_END = 32_768;

    private static final int FEWEST = 1_000;
    private static final Path RANGE = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    private static final Path LOCKS =
            Path.of(System.getProperty("java.io.tmpdir"), "firn-test-ports-" + System.getProperty("user.name"));

    /** Byte N of the file is locked by the process that has port N. Closing the channel would release all locks. */
    private static final FileChannel LOCKED = open();

    private static final Set<Integer> TRIED = new HashSet<>();

    private FreePorts() {}

    private static FileChannel open() {
        try {
            return FileChannel.open(LOCKS, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Returns a port of the loopback address that nobody else has, and nobody else gets while this JVM lives. */
    public static synchronized int take() {
        int end = end();
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, end);
            if (TRIED.add(port) && lock(port) && isFree(port)) {
                return port;
            }
        }
    }

    private static int end() {
        try {
            int start = Integer.parseInt(Files.readString(RANGE).strip().split("\\s+")[0]);
            return start - LOWEST < FEWEST ? DEFAULT_END : start;
        } catch (IOException notLinux) {
            return DEFAULT_END;
        }
    }

    private static boolean lock(int port) {
        try {
            return LOCKED.tryLock(port, 1, false) != null;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (BindException taken) {
            return false;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
