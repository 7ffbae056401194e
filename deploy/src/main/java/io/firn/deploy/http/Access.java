package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.deploy.config.HttpConfig;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who is asking. Where nobody can prove anything, everybody is an operator: then the service listens to this machine
 * alone.
 */
final class Access {
    private static final String SCHEME = "Bearer ";
    private static final Caller ANYBODY = new Caller("somebody on this machine", Role.OPERATOR);

    private record Token(byte[] digest, Caller caller) {}

    private final List<Token> tokens = new ArrayList<>();
    private final Optional<ClientCertificates> certificates;
    private final boolean open;

    private Access(HttpConfig config, Optional<ClientCertificates> certificates) {
        add(config.tokens().operators(), Role.OPERATOR);
        add(config.tokens().writers(), Role.WRITER);
        add(config.tokens().readers(), Role.READER);
        this.certificates = certificates;
        this.open = !config.knowsClients();
    }

    private void add(Map<String, String> secrets, Role role) {
        secrets.forEach((name, secret) -> tokens.add(new Token(digest(secret), new Caller(name, role))));
    }

    /**
     * @param certificates of clients, if the service takes them
     * @throws FirnException {@code http-open} where others could reach the service and nothing protects it
     */
    static Access of(HttpConfig config, String host, Optional<ClientCertificates> certificates) {
        if (!config.knowsClients() && !isLoopback(host)) {
            throw FirnException.user(
                    "http-open",
                    "others could reach the service's HTTP interface, and no token protects it",
                    "http.listen: " + config.listen(),
                    "set http.token, as ${env:FIRN_TOKEN}, or http.tls.clients, or listen on 127.0.0.1");
        }
        return new Access(config, certificates);
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

    /** Whether everybody who reaches it is taken for an operator. */
    boolean isOpen() {
        return open;
    }

    /**
     * The caller, if he can prove it.
     *
     * @param authorization the header of that name
     * @param chain of the client, its own certificate first; checked by TLS when the connection began
     */
    Optional<Caller> caller(@Nullable String authorization, X509Certificate @Nullable [] chain) {
        if (open) {
            return Optional.of(ANYBODY);
        }
        if (authorization != null && authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return byToken(authorization.substring(SCHEME.length()));
        }
        return chain == null || chain.length == 0 ? Optional.empty() : certificates.map(known -> known.caller(chain));
    }

    /**
     * Digests are compared, not texts, and all of them in any case: so neither length nor content nor the number of a
     * token shows in the time it takes.
     */
    private Optional<Caller> byToken(String presented) {
        byte[] digest = digest(presented);
        Optional<Caller> found = Optional.empty();
        for (Token token : tokens) {
            if (MessageDigest.isEqual(token.digest(), digest)) {
                found = Optional.of(token.caller());
            }
        }
        return found;
    }

    private static byte[] digest(String text) {
        return Digests.of(text.getBytes(StandardCharsets.UTF_8));
    }
}
