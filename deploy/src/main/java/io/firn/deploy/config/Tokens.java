package io.firn.deploy.config;

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
    public Tokens {
        operators = Map.copyOf(operators);
        writers = Map.copyOf(writers);
        readers = Map.copyOf(readers);
    }

    static Tokens of(Section http) {
        Map<String, String> operators = new TreeMap<>(http.section("operators").properties());
        http.text("token").ifPresent(secret -> operators.put(HttpConfig.OPERATOR, secret));
        return new Tokens(
                operators,
                http.section("writers").properties(),
                http.section("readers").properties());
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
