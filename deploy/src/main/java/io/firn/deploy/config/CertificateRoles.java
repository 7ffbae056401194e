package io.firn.deploy.config;

import io.firn.deploy.tls.CertificateName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Names in client certificates, by the role that they give. If no role has a name, every certificate of
 * {@code http.tls.clients} is an operator's.
 *
 * @param operators of callers that control the service
 * @param writers of query engines, which read and write the catalog
 * @param readers of callers that only read
 */
public record CertificateRoles(
        List<CertificateName> operators, List<CertificateName> writers, List<CertificateName> readers) {
    public static final String OPERATORS = "http.tls.operators";
    public static final String WRITERS = "http.tls.writers";
    public static final String READERS = "http.tls.readers";

    /** The keys, for messages. */
    public static final String KEYS = OPERATORS + ", " + WRITERS + ", " + READERS;

    private static final String ACTION = "write 'CN=alice,O=Example' (in quotes), 'DNS:trino.example.org' or"
            + " 'URI:spiffe://example.org/trino'; every name in full, no *";

    public CertificateRoles {
        operators = List.copyOf(operators);
        writers = List.copyOf(writers);
        readers = List.copyOf(readers);
    }

    /** Every certificate is an operator's. */
    public static CertificateRoles none() {
        return new CertificateRoles(List.of(), List.of(), List.of());
    }

    static CertificateRoles of(Section tls) {
        Map<CertificateName, String> roles = new HashMap<>();
        return new CertificateRoles(
                names(tls, "operators", roles), names(tls, "writers", roles), names(tls, "readers", roles));
    }

    /** @param roles by name, of those that were read before */
    private static List<CertificateName> names(Section tls, String key, Map<CertificateName, String> roles) {
        List<CertificateName> names = tls.texts(key).stream()
                .map(text -> {
                    Optional<CertificateName> name = CertificateName.parse(text);
                    if (name.isEmpty()) {
                        tls.wrong(key, tls.quoted(key, text) + " is not a name in a certificate", ACTION);
                    }
                    return name;
                })
                .flatMap(Optional::stream)
                .toList();
        if (names.isEmpty() && tls.has(key)) {
            tls.wrong(key, "no name is in the list", "name a certificate, or leave the key out");
        }
        for (CertificateName name : names) {
            String other = roles.putIfAbsent(name, key);
            if (other != null && !other.equals(key)) {
                tls.wrong(
                        key, "http.tls." + other + " has the same name, so its role is unclear", "remove one of them");
            }
        }
        return names;
    }

    /** Returns whether no name has a role. */
    public boolean isEmpty() {
        return operators.isEmpty() && writers.isEmpty() && readers.isEmpty();
    }
}
