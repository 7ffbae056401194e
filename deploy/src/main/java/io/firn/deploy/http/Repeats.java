package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Answers to changes that came with an idempotency key: the same key again gets the same answer, and nothing is done
 * twice. For as long as the process lives, and for so many keys and bytes of answers; what was refused may be tried
 * again. Of requests it keeps digests. Safe for use by several threads.
 */
final class Repeats {
    private static final int MAX_KEYS = 10_000;
    private static final long MAX_BYTES = 4L << 20;
    private static final int LONGEST_KEY = 255;

    /** Of an entry besides its answer: two digests as text, objects, and its place in the map. */
    private static final int ENTRY_BYTES = 400;

    private final long maxBytes;
    private final Map<String, Kept> kept = new LinkedHashMap<>();
    private long bytes;

    /**
     * @param request its digest
     * @param answer empty while it is being worked on
     */
    private record Kept(String request, Optional<String> answer) {
        long bytes() {
            return ENTRY_BYTES + answer.map(text -> 2L * text.length()).orElse(0L);
        }
    }

    Repeats() {
        this(MAX_BYTES);
    }

    /** @param maxBytes of all that is kept */
    Repeats(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /**
     * Does it, or gives the answer of when it was done.
     *
     * @param caller whose key it is: two may choose the same
     * @param request all of it; another one under the same key is refused
     * @throws FirnException {@code key-reused}, {@code key-busy}, {@code key-invalid}, or what the change throws
     */
    String once(String caller, String key, String request, Supplier<String> change) {
        if (key.isEmpty() || key.length() > LONGEST_KEY) {
            throw FirnException.user(
                    "key-invalid", "the idempotency key is empty or too long", "header Idempotency-Key", "use a UUID");
        }
        String whole = digest(caller + '\n' + key);
        String asked = digest(request);
        Optional<String> before = begin(whole, asked);
        if (before.isPresent()) {
            return before.get();
        }
        Optional<String> answer = Optional.empty();
        try {
            answer = Optional.of(change.get());
            return answer.get();
        } finally {
            end(whole, asked, answer);
        }
    }

    private static String digest(String text) {
        return Digests.hex(text.getBytes(StandardCharsets.UTF_8));
    }

    private synchronized Optional<String> begin(String key, String request) {
        Kept before = kept.get(key);
        if (before == null) {
            put(key, new Kept(request, Optional.empty()));
            return Optional.empty();
        }
        if (!before.request().equals(request)) {
            throw FirnException.user(
                    "key-reused",
                    "this idempotency key came with another request before",
                    "header Idempotency-Key",
                    "use a new key for each thing to be done");
        }
        if (before.answer().isEmpty()) {
            throw FirnException.user(
                    "key-busy",
                    "the first request with this idempotency key is still at work",
                    "header Idempotency-Key",
                    "ask again in a moment, with the same key");
        }
        return before.answer();
    }

    private synchronized void end(String key, String request, Optional<String> answer) {
        remove(key);
        if (answer.isPresent()) {
            put(key, new Kept(request, answer));
            makeRoom();
        }
    }

    private void put(String key, Kept entry) {
        kept.put(key, entry);
        bytes += entry.bytes();
    }

    private void remove(String key) {
        Kept entry = kept.remove(key);
        if (entry != null) {
            bytes -= entry.bytes();
        }
    }

    /** The oldest go; those that are worked on stay, there are no more of them than threads. */
    private void makeRoom() {
        Iterator<Kept> oldest = kept.values().iterator();
        while ((kept.size() > MAX_KEYS || bytes > maxBytes) && oldest.hasNext()) {
            Kept entry = oldest.next();
            if (entry.answer().isPresent()) {
                oldest.remove();
                bytes -= entry.bytes();
            }
        }
    }

    /** Returns about how much memory is taken. */
    synchronized long bytes() {
        return bytes;
    }
}
