package io.firn.deploy.config;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Secrets that callers present, by the callers' names.
 *
 * @param operators of those who control the service
 * @param writers of query engines, which read and write the catalog
 * @param readers of those who may only look
 */
public record Tokens(Map<String, String> operators, Map<String, String> writers, Map<String, String> readers) {
    /** Guessing one of so many characters takes longer than anybody tries, even if they are digits. */
    public static final int MIN_LENGTH = 16;

    private static final String OPERATORS = "operators";
    private static final String WRITERS = "writers";
    private static final String READERS = "readers";
    private static final String ACTION = "make one: openssl rand -hex 24";

    public Tokens {
        operators = Map.copyOf(operators);
        writers = Map.copyOf(writers);
        readers = Map.copyOf(readers);
    }

    static Tokens of(Section http) {
        Section operators = http.section("operators");
        Section writers = http.section("writers");
        Section readers = http.section("readers");
        Map<String, String> control = new TreeMap<>(operators.properties());
        Tokens tokens = new Tokens(control, writers.properties(), readers.properties());
        Map<String, String> roles = new HashMap<>();
        http.text("token").ifPresent(secret -> {
            control.put(HttpConfig.OPERATOR, secret);
            check(http, "token", secret, OPERATORS, roles);
        });
        tokens.operators().forEach((name, secret) -> check(operators, name, secret, OPERATORS, roles));
        tokens.writers().forEach((name, secret) -> check(writers, name, secret, WRITERS, roles));
        tokens.readers().forEach((name, secret) -> check(readers, name, secret, READERS, roles));
        return new Tokens(control, tokens.writers(), tokens.readers());
    }

    /** @param roles by secret, of those that were checked before */
    private static void check(Section section, String key, String secret, String role, Map<String, String> roles) {
        if (secret.isBlank()) {
            section.wrong(key, "the token is empty", ACTION);
        } else if (secret.length() < MIN_LENGTH) {
            section.wrong(key, "the token has less than " + MIN_LENGTH + " characters and can be guessed", ACTION);
        } else if (secret.chars().anyMatch(each -> each <= ' ' || each > '~')) {
            section.wrong(key, "the token has characters that a header cannot carry", ACTION);
        }
        String other = roles.putIfAbsent(secret, role);
        if (other != null && !other.equals(role)) {
            section.wrong(
                    key, "one of http." + other + " has the same token, so its role is unclear", "give each its own");
        }
    }

    /** Returns whether no caller has one. */
    public boolean isEmpty() {
        return operators.isEmpty() && writers.isEmpty() && readers.isEmpty();
    }

    /** Without the secrets. */
    @Override
    public String toString() {
        return "Tokens[operators=" + operators.keySet() + ", writers=" + writers.keySet() + ", readers="
                + readers.keySet() + "]";
    }
}
