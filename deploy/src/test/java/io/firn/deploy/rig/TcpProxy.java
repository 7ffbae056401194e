package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A way over which two parts talk TCP, and on which networks' faults can be switched on: bytes that are late or few,
 * none at all while connections stay open, connections reset, answers lost after their requests took effect. Loopback
 * only; one thread, whatever the number of connections.
 */
public final class TcpProxy implements AutoCloseable {
    /** How exactly time is kept while bytes wait for theirs. */
    private static final long TICK_MILLIS = 5;

    private static final long IDLE_MILLIS = 100;

    private final int target;
    private final ServerSocketChannel server;
    private final Selector selector;
    private final Thread thread;
    private final List<TcpLink> links = new ArrayList<>();

    private volatile boolean closing;
    private volatile boolean cut;
    private volatile boolean answersLost;
    private volatile long lateNanos;
    private volatile long bytesPerSecond;
    private final AtomicInteger resetsAsked = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger lost = new AtomicInteger();
    private final AtomicInteger reset = new AtomicInteger();
    private int resetsDone;

    private TcpProxy(String name, int target) throws IOException {
        this.target = target;
        this.server = ServerSocketChannel.open();
        this.selector = Selector.open();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 200);
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        this.thread = new Thread(this::run, "network-" + name);
        this.thread.setDaemon(true);
    }

    /**
     * Without faults at first. What is behind may come and go.
     *
     * @param port of the part behind it, on loopback
     */
    public static TcpProxy before(String name, int port) {
        try {
            TcpProxy proxy = new TcpProxy(name, port);
            proxy.thread.start();
            return proxy;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Where clients connect. */
    public int port() {
        return server.socket().getLocalPort();
    }

    /** Every byte takes so much longer, in each direction. */
    public void delay(Duration by) {
        lateNanos = by.toNanos();
        selector.wakeup();
    }

    /** So many bytes a second and connection at most, in each direction. */
    public void limit(long bytes) {
        bytesPerSecond = bytes;
        selector.wakeup();
    }

    /** Nothing passes any more and nobody is told: connections stay open, new ones are taken and lead nowhere. */
    public void partition() {
        cut = true;
        selector.wakeup();
    }

    /** Every connection there is now is reset; new ones are as good as ever. */
    public void resetAll() {
        resetsAsked.incrementAndGet();
        selector.wakeup();
    }

    /** Requests pass; when the answer to one comes back, it is dropped and its connection reset. */
    public void loseAnswers() {
        answersLost = true;
        selector.wakeup();
    }

    /** No faults any more; what a partition held back goes on. */
    public void calm() {
        cut = false;
        answersLost = false;
        lateNanos = 0;
        bytesPerSecond = 0;
        selector.wakeup();
    }

    /** Connections that were made so far. */
    public int connections() {
        return connections.get();
    }

    /** Answers that were lost. */
    public int lostAnswers() {
        return lost.get();
    }

    /** Connections that {@link #resetAll} ended. */
    public int resets() {
        return reset.get();
    }

    private void run() {
        try (selector;
                server) {
            while (!closing) {
                selector.select(isTimed() ? TICK_MILLIS : IDLE_MILLIS);
                accept();
                resetWhereAsked();
                long now = System.nanoTime();
                for (TcpLink link : links) {
                    move(link, now);
                }
                links.removeIf(TcpLink::isClosed);
                selector.selectedKeys().clear();
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } finally {
            links.forEach(TcpLink::reset);
        }
    }

    private boolean isTimed() {
        return lateNanos > 0 || bytesPerSecond > 0 || links.stream().anyMatch(TcpLink::isWaiting);
    }

    private void move(TcpLink link, long now) {
        try {
            if (cut) {
                link.hold();
            } else if (!link.move(now, lateNanos, bytesPerSecond, answersLost)) {
                lost.incrementAndGet();
                link.reset();
            }
        } catch (IOException oneSideGone) {
            link.reset();
        }
    }

    private void resetWhereAsked() {
        int asked = resetsAsked.get();
        if (asked != resetsDone) {
            resetsDone = asked;
            reset.addAndGet(links.size());
            links.forEach(TcpLink::reset);
            links.clear();
        }
    }

    private void accept() throws IOException {
        SocketChannel client = server.accept();
        while (client != null) {
            connections.incrementAndGet();
            SocketChannel behind = SocketChannel.open();
            try {
                behind.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
                links.add(new TcpLink(client, behind, selector));
            } catch (IOException away) {
                TcpLink.end(client);
                TcpLink.end(behind);
            }
            client = server.accept();
        }
    }

    /** Resets what is open. */
    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        try {
            thread.join(10_000);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
