package io.firn.deploy.http;

import io.firn.deploy.config.CertificateRoles;
import io.firn.deploy.config.TlsConfig;
import io.firn.deploy.tls.CertificateName;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which role a client certificate gives: by the names in it, and only while it is valid. */
final class ClientCertificates {
    private final ClientTrust trust;
    private final boolean areOperators;

    /** In the order in which they are looked for. */
    private final Map<CertificateName, Role> roles = new LinkedHashMap<>();

    private ClientCertificates(ClientTrust trust, CertificateRoles names) {
        this.trust = trust;
        this.areOperators = names.isEmpty();
        names.operators().forEach(name -> roles.put(name, Role.OPERATOR));
        names.writers().forEach(name -> roles.put(name, Role.WRITER));
        names.readers().forEach(name -> roles.put(name, Role.READER));
    }

    /**
     * Present if the service takes certificates of clients.
     *
     * @throws io.firn.catalog.FirnException {@code tls-file}
     */
    static Optional<ClientCertificates> of(Optional<TlsConfig> tls) {
        return tls.flatMap(files ->
                files.clients().map(clients -> new ClientCertificates(new ClientTrust(files, clients), files.roles())));
    }

    /** Reads issuers and revocation lists again. */
    void reload() {
        trust.reload();
    }

    List<String> warnings() {
        return trust.warnings();
    }

    /**
     * Returns the caller. A certificate that is revoked, not valid any more or named by no list gives no role.
     *
     * @param chain of the client, its own first
     */
    Caller caller(X509Certificate[] chain) {
        List<CertificateName> names = CertificateName.of(chain[0]);
        String ownSubject = chain[0].getSubjectX500Principal().getName();
        String subject = ownSubject.isEmpty() ? names.toString() : ownSubject;
        Optional<Refusal> invalid = trust.refusal(chain);
        if (invalid.isPresent()) {
            return new Caller(subject, Role.ANYONE, invalid);
        }
        if (areOperators) {
            return new Caller(subject, Role.OPERATOR);
        }
        return roles.entrySet().stream()
                .filter(role -> names.contains(role.getKey()))
                .findFirst()
                .map(role -> caller(role.getKey(), role.getValue(), subject))
                .orElseGet(() -> unnamed(subject));
    }

    private static Caller caller(CertificateName name, Role role, String subject) {
        String shown = name.kind().equals(CertificateName.Kind.SUBJECT) ? subject : name.toString();
        return new Caller(
                shown,
                role,
                Optional.of(new Refusal(
                        "this client certificate has the role " + (role.equals(Role.WRITER) ? "writer" : "reader")
                                + ", which does not allow the request",
                        "client certificate " + shown,
                        "use a certificate that " + CertificateRoles.OPERATORS + " names"
                                + (role.equals(Role.READER)
                                        ? ", or below " + IcebergRoutes.ROOT + " " + CertificateRoles.WRITERS
                                        : ""))));
    }

    private static Caller unnamed(String subject) {
        return new Caller(
                subject,
                Role.ANYONE,
                Optional.of(new Refusal(
                        "no list gives this client certificate a role",
                        "client certificate " + subject,
                        "add the subject or an alternative name to one of " + CertificateRoles.KEYS)));
    }
}
