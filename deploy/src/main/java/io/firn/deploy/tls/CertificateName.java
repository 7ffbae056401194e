package io.firn.deploy.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A name that a certificate proves. Two names are equal only as a whole: there are no patterns.
 *
 * @param value in canonical form: a distinguished name without regard to case and blanks, a DNS name in lower case
 */
public record CertificateName(Kind kind, String value) {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateName.class);
    private static final String DNS = "DNS:";
    private static final String URI = "URI:";

    /** Types of entries of subject alternative names, of RFC 5280. */
    private static final int DNS_ENTRY = 2;

    private static final int URI_ENTRY = 6;

    /** Where a certificate has the name. */
    public enum Kind {
        SUBJECT,
        DNS,
        URI
    }

    /**
     * Reads a distinguished name of RFC 2253, for example {@code CN=alice,O=Firn}, or an entry of the subject
     * alternative names, for example {@code DNS:trino.example.org} or {@code URI:spiffe://example.org/trino}.
     *
     * @return empty if the text is none of these
     */
    public static Optional<CertificateName> parse(String text) {
        if (text.regionMatches(true, 0, DNS, 0, DNS.length())) {
            String name = text.substring(DNS.length()).strip();
            return name.isEmpty() || name.contains("*") ? Optional.empty() : Optional.of(dns(name));
        }
        if (text.regionMatches(true, 0, URI, 0, URI.length())) {
            String name = text.substring(URI.length()).strip();
            return name.contains(":") && !name.contains("*")
                    ? Optional.of(new CertificateName(Kind.URI, name))
                    : Optional.empty();
        }
        try {
            X500Principal subject = new X500Principal(text);
            return subject.getName().isEmpty() ? Optional.empty() : Optional.of(subject(subject));
        } catch (IllegalArgumentException malformed) {
            LOG.debug("not a distinguished name", malformed);
            return Optional.empty();
        }
    }

    /** Returns the subject and the DNS and URI entries of its alternative names; none if they cannot be read. */
    public static List<CertificateName> of(X509Certificate certificate) {
        List<CertificateName> names = new ArrayList<>();
        X500Principal subject = certificate.getSubjectX500Principal();
        if (!subject.getName().isEmpty()) {
            names.add(subject(subject));
        }
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            for (List<?> entry : alternatives == null ? List.<List<?>>of() : alternatives) {
                if (entry.get(0).equals(DNS_ENTRY)) {
                    names.add(dns((String) entry.get(1)));
                } else if (entry.get(0).equals(URI_ENTRY)) {
                    names.add(new CertificateName(Kind.URI, (String) entry.get(1)));
                }
            }
        } catch (CertificateParsingException malformed) {
            LOG.warn("the alternative names of a certificate of {} cannot be read", subject, malformed);
            return List.of();
        }
        return List.copyOf(names);
    }

    private static CertificateName subject(X500Principal subject) {
        return new CertificateName(Kind.SUBJECT, subject.getName(X500Principal.CANONICAL));
    }

    private static CertificateName dns(String name) {
        return new CertificateName(Kind.DNS, name.toLowerCase(Locale.ROOT));
    }

    /** Returns the name as the configuration has it. */
    @Override
    public String toString() {
        return kind.equals(Kind.SUBJECT) ? value : kind + ":" + value;
    }
}
