package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Answers to changes that came with an idempotency key: the same key again gets the same answer, and nothing is done
 * twice. For as long as the process lives and so many keys; what was refused may be tried again. Safe for use by
 * several threads.
 */
final class Repeats {
    private static final int KEYS = 10_000;
    private static final int LONGEST_KEY = 255;

    private final Map<String, Kept> kept = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Kept> eldest) {
            return size() > KEYS;
        }
    };

    /** @param answer empty while it is being worked on */
    private record Kept(String request, Optional<String> answer) {}

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
        String whole = caller + '\n' + key;
        Optional<String> before = begin(whole, request);
        if (before.isPresent()) {
            return before.get();
        }
        Optional<String> answer = Optional.empty();
        try {
            answer = Optional.of(change.get());
            return answer.get();
        } finally {
            end(whole, request, answer);
        }
    }

    private synchronized Optional<String> begin(String key, String request) {
        Kept before = kept.get(key);
        if (before == null) {
            kept.put(key, new Kept(request, Optional.empty()));
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
        if (answer.isPresent()) {
            kept.put(key, new Kept(request, answer));
        } else {
            kept.remove(key);
        }
    }
}
