package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.deploy.config.HttpConfig;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who may ask. Without a token only this machine can; with one everybody who knows it. Probes are open to all. */
final class Access {
    private static final String SCHEME = "Bearer ";

    private final Optional<byte[]> token;

    private Access(Optional<byte[]> token) {
        this.token = token;
    }

    /** @throws FirnException {@code http-open} where others could reach the service and no token is set */
    static Access of(HttpConfig config, String host) {
        if (config.token().isEmpty() && !isLoopback(host)) {
            throw FirnException.user(
                    "http-open",
                    "others could reach the service's HTTP interface, and no token protects it",
                    "http.listen: " + config.listen(),
                    "set http.token, as ${env:FIRN_TOKEN}, or listen on 127.0.0.1");
        }
        return new Access(config.token().map(Access::digest));
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            throw FirnException.user(
                    "http-address",
                    "the host to listen on is not known: " + host,
                    "http.listen",
                    "write an address of this machine, as 127.0.0.1 or 0.0.0.0");
        }
    }

    /** @param authorization the header of that name */
    boolean allows(@Nullable String authorization) {
        if (token.isEmpty()) {
            return true;
        }
        // The digests are compared, not the texts: so neither length nor content of the token shows in the time it
        // takes.
        return authorization != null
                && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && MessageDigest.isEqual(token.get(), digest(authorization.substring(SCHEME.length())));
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
