package io.firn.deploy.config;

import java.util.Optional;

/**
 * Where the service listens.
 *
 * @param listen host and port; port 0 takes a free one
 * @param token what clients have to present; a secret
 */
public record HttpConfig(String listen, Optional<String> token) {
    /** This machine only: any other address needs a token. */
    public static final String DEFAULT_LISTEN = "127.0.0.1:8383";

    public static HttpConfig defaults() {
        return new HttpConfig(DEFAULT_LISTEN, Optional.empty());
    }

    @Override
    public String toString() {
        return "HttpConfig[listen=" + listen + ", token="
                + token.map(secret -> "***").orElse("none") + "]";
    }
}
