package io.firn.deploy.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Files, all PEM, that are read again when they change.
 *
 * @param certificate of the service, those of its issuers after it
 * @param key of that certificate, PKCS 8, not encrypted
 * @param clients who issues the certificates of operators; empty where certificates of clients are not asked for
 */
public record TlsConfig(Path certificate, Path key, Optional<Path> clients) {
    static Optional<TlsConfig> of(Section tls) {
        Optional<Path> clients = tls.text("clients").map(Path::of);
        if (!tls.has("certificate") && !tls.has("key") && clients.isEmpty()) {
            tls.finish();
            return Optional.empty();
        }
        Path certificate = Path.of(tls.required("certificate", "certificate: /run/tls/tls.crt"));
        Path key = Path.of(tls.required("key", "key: /run/tls/tls.key"));
        tls.finish();
        return Optional.of(new TlsConfig(certificate, key, clients));
    }
}
