package io.firn.catalog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port of the loopback address that refuses every connection. It is bound and does not listen, so that nobody else
 * gets it while this JVM lives: a port that a server has left can be taken again, and a client that connects to a free
 * port of the system's own range can even reach itself.
 */
public final class ClosedPort {
    private static final Socket BOUND = bound();

    private ClosedPort() {}

    private static Socket bound() {
        try {
            Socket socket = new Socket();
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return socket;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The port's number. */
    public static int number() {
        return BOUND.getLocalPort();
    }

    /** Host and port. */
    public static String address() {
        return "127.0.0.1:" + number();
    }
}
