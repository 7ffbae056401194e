package io.firn.deploy.config;

import io.firn.catalog.location.LocationPolicy;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the service listens, and to whom.
 *
 * @param listen host and port; port 0 takes a free one
 * @param tokens of those who may ask
 * @param tls empty where it talks in the clear
 * @param requestsPerSecond of one caller, in the mean; probes are not counted
 * @param icebergRest whether query engines are served the catalog, by Iceberg's REST protocol
 * @param icebergLocations directories that query engines may name besides the warehouse
 */
public record HttpConfig(
        String listen,
        Tokens tokens,
        Optional<TlsConfig> tls,
        int requestsPerSecond,
        boolean icebergRest,
        List<String> icebergLocations) {
    /** This machine only: any other address needs a token or clients' certificates. */
    public static final String DEFAULT_LISTEN = "127.0.0.1:8383";

    /** A page asks for about two a second, a scrape is one: dozens of people behind one address have enough. */
    public static final int DEFAULT_REQUESTS_PER_SECOND = 200;

    /** The name of him whose token is {@code http.token}. */
    public static final String OPERATOR = "operator";

    public HttpConfig {
        icebergLocations = List.copyOf(icebergLocations);
    }

    /** With the catalog or without, and no locations besides the warehouse. */
    public HttpConfig(
            String listen,
            Map<String, String> operators,
            Map<String, String> readers,
            Optional<TlsConfig> tls,
            int requestsPerSecond,
            boolean icebergRest) {
        this(listen, new Tokens(operators, Map.of(), readers), tls, requestsPerSecond, icebergRest, List.of());
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
        HttpConfig config = new HttpConfig(
                http.text("listen").orElse(DEFAULT_LISTEN),
                Tokens.of(http),
                TlsConfig.of(http.section("tls")),
                http.positive("requests-per-second", DEFAULT_REQUESTS_PER_SECOND),
                http.flag("iceberg-rest", false),
                http.texts("iceberg-locations"));
        HostAndPort.problem(config.listen(), "127.0.0.1:8383")
                .ifPresent(action ->
                        http.wrong("listen", http.quoted("listen", config.listen()) + " is not host:port", action));
        for (String location : config.icebergLocations()) {
            LocationPolicy.problem(location)
                    .ifPresent(problem -> http.wrong(
                            "iceberg-locations",
                            http.quoted("iceberg-locations", location) + " " + problem,
                            "name directories, as s3://lake/partners"));
        }
        if (config.icebergRest() && !config.knowsClients()) {
            http.wrong(
                    "iceberg-rest",
                    "engines would write to the catalog with Firn's rights, and no token protects it",
                    "set http.writers.NAME, as trino: ${file:/run/trino}, or http.token; make one: openssl rand -hex 24");
        }
        http.finish();
        return config;
    }

    /** Whether anybody can prove who he is. */
    public boolean knowsClients() {
        return !tokens.isEmpty() || tls.flatMap(TlsConfig::clients).isPresent();
    }
}
