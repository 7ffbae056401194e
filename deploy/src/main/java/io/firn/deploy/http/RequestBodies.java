package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Reads the bodies of requests. All that are read or worked on at the same time have a common bound, so that no number
 * of connections takes the memory of the pipelines. Safe for use by several threads.
 */
final class RequestBodies {
    /** The code where the bound is reached. */
    static final String FULL = "requests-full";

    /** The code where one body is too large. */
    static final String TOO_LARGE = "http-413";

    private static final Set<HandlerType> WITHOUT_BODY =
            Set.of(HandlerType.GET, HandlerType.HEAD, HandlerType.DELETE, HandlerType.OPTIONS);
    private static final int PIECE = 16 << 10;

    private final long maxBytes;
    private long heldBytes;

    /** @param maxBytes of all bodies together */
    RequestBodies(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Returns whether a request brings a body although its method has none. */
    static boolean isUnexpected(Context context) {
        return WITHOUT_BODY.contains(context.method()) && hasBody(context);
    }

    private static boolean hasBody(Context context) {
        return context.req().getContentLengthLong() > 0 || context.header("Transfer-Encoding") != null;
    }

    /** A body, which counts as held until it is released. */
    final class Held {
        private final String text;
        private long bytes;

        private Held(String text, long bytes) {
            this.text = text;
            this.bytes = bytes;
        }

        String text() {
            return text;
        }

        /** Returns the work, which releases the body at its end: it may go on after its request was answered. */
        <T> Supplier<T> until(Supplier<T> work) {
            return () -> {
                try {
                    return work.get();
                } finally {
                    release();
                }
            };
        }

        /** Releases the body, if it was not yet. */
        void release() {
            synchronized (RequestBodies.this) {
                heldBytes -= bytes;
                bytes = 0;
            }
        }
    }

    /**
     * Reads the body of a request; a method that has none has an empty one.
     *
     * @param mostBytes of this body
     * @throws FirnException {@code http-413}; {@code requests-full} if other bodies take all the room
     * @throws IOException if the body is malformed or ends too early
     */
    Held read(Context context, int mostBytes) throws IOException {
        if (WITHOUT_BODY.contains(context.method())) {
            return new Held("", 0);
        }
        long most = Math.min(mostBytes, maxBytes);
        if (context.req().getContentLengthLong() > most) {
            throw tooLarge(most);
        }
        long taken = 0;
        Held held = null;
        try (ServletInputStream in = context.req().getInputStream()) {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            byte[] piece = new byte[PIECE];
            for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
                if (taken + read > most) {
                    throw tooLarge(most);
                }
                take(read);
                taken += read;
                body.write(piece, 0, read);
            }
            held = new Held(body.toString(StandardCharsets.UTF_8), taken);
            return held;
        } finally {
            if (held == null) {
                release(taken);
            }
        }
    }

    private synchronized void take(int bytes) {
        if (heldBytes + bytes > maxBytes) {
            throw new FirnException(
                    FULL,
                    FirnException.Kind.EXTERNAL,
                    "the bodies of other requests take all the memory that there is for them",
                    "body",
                    "send the request again in a moment; nothing was done",
                    null);
        }
        heldBytes += bytes;
    }

    private synchronized void release(long bytes) {
        heldBytes -= bytes;
    }

    /** Returns how much is held now. */
    synchronized long heldBytes() {
        return heldBytes;
    }

    private static FirnException tooLarge(long most) {
        return FirnException.user(TOO_LARGE, "the request has more than " + most + " bytes", "body", "send less");
    }
}
