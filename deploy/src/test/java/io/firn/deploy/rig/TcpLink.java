package io.firn.deploy.rig;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/** One connection through a {@link TcpProxy}: two sockets and what is on its way between them. */
final class TcpLink {
    /** Held for one direction at most: beyond it the sender has to wait, as with a full socket. */
    private static final int MOST_HELD = 1 << 18;

    private static final int PIECE = 1 << 14;
    private static final double CREDIT_SECONDS = 0.02;

    /** Not an answer yet: it asks for the body of the request. */
    private static final byte[] GO_ON = "HTTP/1.1 100".getBytes(StandardCharsets.US_ASCII);

    private final Direction there;
    private final Direction back;
    private boolean closed;

    TcpLink(SocketChannel client, SocketChannel behind, Selector selector) throws IOException {
        for (SocketChannel side : new SocketChannel[] {client, behind}) {
            side.configureBlocking(false);
            side.setOption(StandardSocketOptions.TCP_NODELAY, true);
            side.register(selector, 0);
        }
        there = new Direction(client, behind, selector);
        back = new Direction(behind, client, selector);
    }

    /** Some bytes, with the moment from which on they may go. */
    private record Piece(long due, ByteBuffer bytes) {}

    /** Nothing is read or written until the next {@link #move}. */
    void hold() {
        there.wantNothing();
        back.wantNothing();
    }

    /**
     * Passes on what may go.
     *
     * @param bytesPerSecond at most, in each direction; 0 for as many as there are
     * @return false where answers are to be lost and one came
     */
    boolean move(long now, long lateNanos, long bytesPerSecond, boolean answersLost) throws IOException {
        there.read(now + lateNanos);
        int answered = back.read(now + lateNanos);
        if (answersLost && answered > 0 && !back.saysGoOn()) {
            there.write(now + lateNanos, 0);
            return false;
        }
        there.write(now, bytesPerSecond);
        back.write(now, bytesPerSecond);
        if (there.ended && back.ended) {
            end(there.from);
            end(back.from);
            closed = true;
        } else {
            there.want();
            back.want();
        }
        return true;
    }

    boolean isWaiting() {
        return there.isWaiting() || back.isWaiting();
    }

    boolean isClosed() {
        return closed;
    }

    /** Both sides see a reset. */
    void reset() {
        closed = true;
        for (SocketChannel side : new SocketChannel[] {there.from, back.from}) {
            try {
                side.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException closedAlready) {
                continue;
            } finally {
                end(side);
            }
        }
    }

    static void end(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }

    /** From one of the two sockets to the other. */
    private static final class Direction {
        private final SocketChannel from;
        private final SocketChannel to;
        private final SelectionKey readKey;
        private final SelectionKey writeKey;
        private final ArrayDeque<Piece> held = new ArrayDeque<>();
        private int heldBytes;
        private double credit;
        private long creditedAt = System.nanoTime();
        private boolean fromEnded;
        private boolean full;
        private boolean ended;

        Direction(SocketChannel from, SocketChannel to, Selector selector) {
            this.from = from;
            this.to = to;
            this.readKey = from.keyFor(selector);
            this.writeKey = to.keyFor(selector);
        }

        /** @return bytes that came */
        int read(long due) throws IOException {
            int total = 0;
            while (!fromEnded && heldBytes < MOST_HELD) {
                ByteBuffer bytes = ByteBuffer.allocate(PIECE);
                int count = from.read(bytes);
                if (count < 0) {
                    fromEnded = true;
                }
                if (count <= 0) {
                    break;
                }
                held.add(new Piece(due, bytes.flip()));
                heldBytes += count;
                total += count;
            }
            return total;
        }

        boolean saysGoOn() {
            Piece last = held.peekLast();
            return last != null
                    && last.bytes().remaining() >= GO_ON.length
                    && last.bytes().slice().limit(GO_ON.length).equals(ByteBuffer.wrap(GO_ON));
        }

        /** So much may be saved up that turns which come late cost nothing. */
        private long allowance(long now, long bytesPerSecond) {
            double earned = bytesPerSecond * ((now - creditedAt) / 1e9);
            creditedAt = now;
            credit = Math.min(Math.max(0, credit) + earned, Math.max(1, bytesPerSecond * CREDIT_SECONDS));
            return bytesPerSecond == 0 ? Long.MAX_VALUE : (long) credit;
        }

        void write(long now, long bytesPerSecond) throws IOException {
            long left = allowance(now, bytesPerSecond);
            full = false;
            while (left > 0 && !held.isEmpty() && held.peekFirst().due() - now <= 0) {
                ByteBuffer bytes = held.peekFirst().bytes();
                int end = bytes.limit();
                bytes.limit(bytes.position() + (int) Math.min(bytes.remaining(), left));
                int count = to.write(bytes);
                bytes.limit(end);
                left -= count;
                credit -= count;
                heldBytes -= count;
                if (!bytes.hasRemaining()) {
                    held.removeFirst();
                } else if (count == 0) {
                    full = true;
                    break;
                }
            }
            if (fromEnded && held.isEmpty() && !ended) {
                to.shutdownOutput();
                ended = true;
            }
        }

        boolean isWaiting() {
            return !held.isEmpty() && !full;
        }

        /** Both directions share each key: the one sets what the other does not touch. */
        void want() {
            set(readKey, SelectionKey.OP_READ, !fromEnded && heldBytes < MOST_HELD);
            set(writeKey, SelectionKey.OP_WRITE, full);
        }

        void wantNothing() {
            set(readKey, SelectionKey.OP_READ, false);
            set(writeKey, SelectionKey.OP_WRITE, false);
        }

        private static void set(SelectionKey key, int operation, boolean wanted) {
            key.interestOps(wanted ? key.interestOps() | operation : key.interestOps() & ~operation);
        }
    }
}
