package io.firn.deploy.config;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Where the service listens, and to whom.
 *
 * @param listen host and port; port 0 takes a free one
 * @param operators what may change things presents, by name; secrets
 * @param readers what may only look presents, by name; secrets
 * @param tls empty where it talks in the clear
 * @param requestsPerSecond of one address, in the mean; probes are not counted
 * @param icebergRest whether query engines are served the catalog, by Iceberg's REST protocol
 */
public record HttpConfig(
        String listen,
        Map<String, String> operators,
        Map<String, String> readers,
        Optional<TlsConfig> tls,
        int requestsPerSecond,
        boolean icebergRest) {
    /** This machine only: any other address needs a token or clients' certificates. */
    public static final String DEFAULT_LISTEN = "127.0.0.1:8383";

    /** A page asks for about two a second, a scrape is one: dozens of people behind one address have enough. */
    public static final int DEFAULT_REQUESTS_PER_SECOND = 200;

    /** The name of him whose token is {@code http.token}. */
    public static final String OPERATOR = "operator";

    public HttpConfig {
        operators = Map.copyOf(operators);
        readers = Map.copyOf(readers);
    }

    /** Without the catalog. */
    public HttpConfig(
            String listen,
            Map<String, String> operators,
            Map<String, String> readers,
            Optional<TlsConfig> tls,
            int requestsPerSecond) {
        this(listen, operators, readers, tls, requestsPerSecond, false);
    }

    /** @param token of the only operator */
    public HttpConfig(String listen, Optional<String> token) {
        this(
                listen,
                token.map(secret -> Map.of(OPERATOR, secret)).orElse(Map.of()),
                Map.of(),
                Optional.empty(),
                DEFAULT_REQUESTS_PER_SECOND,
                false);
    }

    public static HttpConfig defaults() {
        return new HttpConfig(DEFAULT_LISTEN, Optional.empty());
    }

    static HttpConfig of(Section http) {
        Map<String, String> operators = new TreeMap<>(http.section("operators").properties());
        http.text("token").ifPresent(secret -> operators.put(OPERATOR, secret));
        HttpConfig config = new HttpConfig(
                http.text("listen").orElse(DEFAULT_LISTEN),
                operators,
                http.section("readers").properties(),
                TlsConfig.of(http.section("tls")),
                http.positive("requests-per-second", DEFAULT_REQUESTS_PER_SECOND),
                http.flag("iceberg-rest", false));
        HostAndPort.problem(config.listen(), "127.0.0.1:8383")
                .ifPresent(action ->
                        http.wrong("listen", http.quoted("listen", config.listen()) + " is not host:port", action));
        http.finish();
        return config;
    }

    /** Whether anybody can prove who he is. */
    public boolean knowsClients() {
        return !operators.isEmpty()
                || !readers.isEmpty()
                || tls.flatMap(TlsConfig::clients).isPresent();
    }

    /** Without the tokens. */
    @Override
    public String toString() {
        return "HttpConfig[listen=" + listen + ", operators=" + operators.keySet() + ", readers=" + readers.keySet()
                + ", tls=" + tls + ", requestsPerSecond=" + requestsPerSecond
                + ", icebergRest=" + icebergRest + "]";
    }
}
