package io.firn.deploy.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Files, all PEM, that are read again when they change.
 *
 * @param certificate of the service, those of its issuers after it
 * @param key of that certificate, PKCS 8, not encrypted
 * @param clients issuers of clients' certificates; empty if these are not asked for
 * @param clientCrl revocation lists of these issuers; empty if revocation is not checked
 * @param roles of clients' certificates
 */
public record TlsConfig(
        Path certificate, Path key, Optional<Path> clients, Optional<Path> clientCrl, CertificateRoles roles) {
    private static final List<String> NEED_CLIENTS = List.of("client-crl", "operators", "writers", "readers");

    /** Every certificate of the issuers is an operator's. */
    public TlsConfig(Path certificate, Path key, Optional<Path> clients) {
        this(certificate, key, clients, Optional.empty(), CertificateRoles.none());
    }

    static Optional<TlsConfig> of(Section tls) {
        Optional<Path> clients = tls.text("clients").map(Path::of);
        Optional<Path> crl = tls.text("client-crl").map(Path::of);
        CertificateRoles roles = CertificateRoles.of(tls);
        if (clients.isEmpty()) {
            NEED_CLIENTS.stream()
                    .filter(tls::has)
                    .forEach(key -> tls.wrong(
                            key,
                            key + " has no effect without http.tls.clients",
                            "set http.tls.clients to a PEM file with the issuers of the certificates"));
        }
        if (!tls.has("certificate") && !tls.has("key") && clients.isEmpty()) {
            tls.finish();
            return Optional.empty();
        }
        Path certificate = Path.of(tls.required("certificate", "certificate: /run/tls/tls.crt"));
        Path key = Path.of(tls.required("key", "key: /run/tls/tls.key"));
        tls.finish();
        return Optional.of(new TlsConfig(certificate, key, clients, crl, roles));
    }

    /** Returns what may be wrong and cannot be decided here. */
    List<ConfigProblem> doubts() {
        return clients.isPresent() && roles.isEmpty()
                ? List.of(new ConfigProblem(
                        "every client certificate of these issuers has the role operator",
                        "http.tls.clients",
                        "name subjects or alternative names in one of " + CertificateRoles.KEYS))
                : List.of();
    }
}
