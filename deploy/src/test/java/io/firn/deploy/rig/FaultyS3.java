package io.firn.deploy.rig;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A way to an S3 server on which things go wrong as they do with object stores: {@code 503 SlowDown}, uploads cut in
 * the middle or after they took effect, answers that are late, listings that do not show young objects. Requests are
 * passed on byte by byte, each by a connection of its own, so signatures hold.
 */
public final class FaultyS3 implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final Pattern OBJECT = Pattern.compile("(?s)<Contents>.*?</Contents>");
    private static final Pattern MODIFIED = Pattern.compile("<LastModified>([^<]+)</LastModified>");
    private static final String FULL =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>InsufficientCapacity</Code>"
                    + "<Message>No space left on device.</Message></Error>";
    private static final String SLOW_DOWN = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>SlowDown</Code>"
            + "<Message>Please reduce your request rate.</Message></Error>";

    private final S3ProxyProcess behind;
    private final int port;
    private final ServerSocket server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "faulty-s3");
        thread.setDaemon(true);
        return thread;
    });

    private volatile boolean throttling;
    private volatile boolean full;
    private volatile int cutEvery;
    private volatile Duration late = Duration.ZERO;
    private volatile Duration hidden = Duration.ZERO;
    private final AtomicInteger uploads = new AtomicInteger();
    private final AtomicInteger partUploads = new AtomicInteger();
    private final AtomicInteger throttled = new AtomicInteger();
    private final AtomicInteger refusedAsFull = new AtomicInteger();
    private final AtomicInteger cut = new AtomicInteger();
    private final AtomicInteger listings = new AtomicInteger();

    private FaultyS3(S3ProxyProcess behind, ServerSocket server) {
        this.behind = behind;
        this.port = URI.create(behind.endpoint()).getPort();
        this.server = server;
        threads.execute(this::accept);
    }

    /** Without faults at first. */
    public static FaultyS3 before(S3ProxyProcess behind) {
        try {
            return new FaultyS3(behind, new ServerSocket(0, 200, InetAddress.getLoopbackAddress()));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The settings of an Iceberg catalog whose files go this way. */
    public Map<String, String> catalogProperties() {
        Map<String, String> properties = new HashMap<>(behind.catalogProperties());
        properties.put("s3.endpoint", "http://127.0.0.1:" + server.getLocalPort());
        return properties;
    }

    /** From now on every request is answered with 503 SlowDown. */
    public void throttle() {
        throttling = true;
    }

    /** From now on there is no space for an upload: 507, and what is there can be read. */
    public void fill() {
        full = true;
    }

    /** One upload (object or part) in so many is cut off, half-way and after it took effect in turn; 0: none. */
    public void cutOneUploadIn(int many) {
        cutEvery = many;
    }

    /** Every request waits for so long before it is passed on. */
    public void answerLate(Duration by) {
        late = by;
    }

    /** Listings leave out objects that are younger than this. */
    public void hideFromListings(Duration youngerThan) {
        hidden = youngerThan;
    }

    /** No faults any more. */
    public void calm() {
        throttling = false;
        full = false;
        cutEvery = 0;
        late = Duration.ZERO;
        hidden = Duration.ZERO;
    }

    /** Requests that were answered with 503. */
    public int throttled() {
        return throttled.get();
    }

    /** Uploads for which there was no space. */
    public int refusedAsFull() {
        return refusedAsFull.get();
    }

    /** Uploads that were cut off. */
    public int cut() {
        return cut.get();
    }

    /** Listings that were asked for. */
    public int listings() {
        return listings.get();
    }

    /** Parts of multipart uploads whose heads came by. */
    public int partUploads() {
        return partUploads.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                threads.execute(() -> serve(client));
            }
        } catch (IOException closed) {
            threads.shutdownNow();
        }
    }

    private void serve(Socket client) {
        try (client) {
            InputStream in = new BufferedInputStream(client.getInputStream(), BUFFER);
            Request request = Request.read(in);
            if (request == null) {
                return;
            }
            Duration wait = late;
            if (!wait.isZero()) {
                Eventually.pause(wait);
            }
            if (throttling) {
                throttled.incrementAndGet();
                refuse(client, in, request, "503 Slow Down", SLOW_DOWN);
            } else if (full && request.isUpload()) {
                refusedAsFull.incrementAndGet();
                refuse(client, in, request, "507 Insufficient Storage", FULL);
            } else {
                passOn(client, in, request);
            }
        } catch (IOException cutOff) {
            // one side went away: so does the other
        }
    }

    private static void refuse(Socket client, InputStream in, Request request, String status, String text)
            throws IOException {
        if (!request.expectsContinue()) {
            copy(in, OutputStream.nullOutputStream(), request.length());
        }
        String body = request.method().equals("HEAD") ? "" : text;
        client.getOutputStream()
                .write(("HTTP/1.1 " + status + "\r\nContent-Type: application/xml\r\nConnection: close\r\n"
                                + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                        .getBytes(StandardCharsets.UTF_8));
    }

    private void passOn(Socket client, InputStream in, Request request) throws IOException {
        boolean upload = request.isUpload();
        int number = upload ? uploads.incrementAndGet() : 0;
        int every = cutEvery;
        boolean cutting = upload && every > 0 && number % every == 0;
        if (request.isPart()) {
            partUploads.incrementAndGet();
        }
        if (request.expectsContinue()) {
            client.getOutputStream().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        try (Socket store = new Socket("127.0.0.1", port)) {
            store.getOutputStream().write(request.headToPassOn());
            if (!cutting) {
                copy(in, store.getOutputStream(), request.length());
                answer(client, store, request);
                return;
            }
            if (cut.incrementAndGet() % 2 == 1) {
                copy(in, store.getOutputStream(), request.length() / 2);
                store.setSoLinger(true, 0);
            } else {
                copy(in, store.getOutputStream(), request.length());
                copy(store.getInputStream(), OutputStream.nullOutputStream(), Long.MAX_VALUE);
            }
            client.setSoLinger(true, 0);
        }
    }

    private void answer(Socket client, Socket store, Request request) throws IOException {
        if (!request.isListing()) {
            copy(store.getInputStream(), client.getOutputStream(), Long.MAX_VALUE);
            return;
        }
        listings.incrementAndGet();
        String answer = new String(store.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int end = answer.indexOf("\r\n\r\n");
        byte[] body = withoutYoung(answer.substring(end + 4)).getBytes(StandardCharsets.UTF_8);
        String head = answer.substring(0, end).replaceAll("(?i)\r\n(content-length|connection):[^\r]*", "");
        client.getOutputStream()
                .write((head + "\r\nConnection: close\r\nContent-Length: " + body.length + "\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8));
        client.getOutputStream().write(body);
    }

    private String withoutYoung(String listing) {
        Instant shown = Instant.now().minus(hidden);
        return OBJECT.matcher(listing).replaceAll(found -> {
            Matcher modified = MODIFIED.matcher(found.group());
            boolean young = modified.find() && Instant.parse(modified.group(1)).isAfter(shown);
            return young ? "" : Matcher.quoteReplacement(found.group());
        });
    }

    private static void copy(InputStream from, OutputStream to, long most) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long left = most;
        while (left > 0) {
            int read = from.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) {
                return;
            }
            to.write(buffer, 0, read);
            left -= read;
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The head of a request, as it came. */
    private record Request(String head, String method, String target, long length) {
        private static final Pattern LENGTH = Pattern.compile("(?im)^content-length: *(\\d+)");

        static @org.jspecify.annotations.Nullable Request read(InputStream in) throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                if (next < 0) {
                    return null;
                }
                head.append((char) next);
            }
            String text = head.toString();
            String[] first = text.substring(0, text.indexOf("\r\n")).split(" ");
            Matcher length = LENGTH.matcher(text);
            return new Request(text, first[0], first[1], length.find() ? Long.parseLong(length.group(1)) : 0);
        }

        boolean expectsContinue() {
            return head.toLowerCase(java.util.Locale.ROOT).contains("\r\nexpect: 100-continue");
        }

        boolean isUpload() {
            return method.equals("PUT") && length > 0;
        }

        boolean isPart() {
            return isUpload() && target.contains("partNumber=");
        }

        boolean isListing() {
            return method.equals("GET") && target.contains("list-type=2");
        }

        /** One request a connection; a listing as HTTP 1.0, so that it comes in one piece. */
        byte[] headToPassOn() {
            String changed = head.replaceAll("(?i)\r\n(expect|connection):[^\r]*", "");
            if (isListing()) {
                changed = changed.replaceFirst(" HTTP/1.1\r\n", " HTTP/1.0\r\n");
            }
            return changed.replaceFirst("\r\n\r\n$", "\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1);
        }
    }
}
