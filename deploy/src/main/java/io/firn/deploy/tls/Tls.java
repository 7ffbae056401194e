package io.firn.deploy.tls;

import io.firn.catalog.FirnException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** TLS of those who talk to a service. */
public final class Tls {
    private static final String ALGORITHM = "PKIX";

    private Tls() {}

    /**
     * How a client secures its connections.
     *
     * @param issuers of the service's certificate; those that Java trusts where empty
     * @param certificate of the client's own, where it has one
     * @param key of that certificate
     * @throws FirnException {@code tls-file}
     */
    public static SSLContext context(Optional<Path> issuers, Optional<Path> certificate, @Nullable Path key) {
        if (certificate.isPresent() && key == null) {
            throw FirnException.user("tls-file", "a certificate is named and no key", "--cert", "name its --key");
        }
        try {
            KeyManager @Nullable [] own = null;
            if (certificate.isPresent() && key != null) {
                KeyManagerFactory keys = KeyManagerFactory.getInstance(ALGORITHM);
                keys.init(Pem.own(certificate.get(), key), new char[0]);
                own = keys.getKeyManagers();
            }
            TrustManager @Nullable [] trusted = null;
            if (issuers.isPresent()) {
                TrustManagerFactory trust = TrustManagerFactory.getInstance(ALGORITHM);
                KeyStore known = Pem.trusted(issuers.get());
                trust.init(known);
                trusted = trust.getTrustManagers();
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own, trusted, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw FirnException.user(
                    "tls-file", "the certificates cannot be used: " + e.getMessage(), "--ca, --cert, --key", "");
        }
    }
}
