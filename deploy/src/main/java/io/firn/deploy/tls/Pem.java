package io.firn.deploy.tls;

import io.firn.catalog.FirnException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CRLException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads PEM files as key stores, which is what Java's TLS takes. Their entries have no password. */
public final class Pem {
    private static final Logger LOG = LoggerFactory.getLogger(Pem.class);
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA");
    private static final String OWN = "own";

    private Pem() {}

    /**
     * A certificate, those of its issuers, and its key.
     *
     * @throws FirnException {@code tls-file}
     */
    public static KeyStore own(Path certificates, Path key) {
        try {
            KeyStore store = empty();
            Certificate[] chain = certificates(certificates).toArray(Certificate[]::new);
            store.setKeyEntry(OWN, key(key), new char[0], chain);
            return store;
        } catch (GeneralSecurityException e) {
            throw unusable(key, "the key and the certificate do not go together: " + e.getMessage(), "");
        }
    }

    /**
     * Certificates of those who are trusted to issue others.
     *
     * @throws FirnException {@code tls-file}
     */
    public static KeyStore trusted(Path certificates) {
        try {
            KeyStore store = empty();
            for (Certificate certificate : certificates(certificates)) {
                store.setCertificateEntry("issuer-" + store.size(), certificate);
            }
            return store;
        } catch (GeneralSecurityException e) {
            throw unusable(certificates, String.valueOf(e.getMessage()), "");
        }
    }

    /**
     * Reads revocation lists of issuers; at least one.
     *
     * @throws FirnException {@code tls-file}
     */
    public static List<X509CRL> revocations(Path lists) {
        String action = "name a PEM file, -----BEGIN X509 CRL-----; make it of another form: openssl crl -inform DER";
        try {
            List<X509CRL> all = CertificateFactory.getInstance("X.509")
                    .generateCRLs(new ByteArrayInputStream(read(lists).getBytes(StandardCharsets.US_ASCII)))
                    .stream()
                    .map(X509CRL.class::cast)
                    .toList();
            if (all.isEmpty()) {
                throw unusable(lists, "no revocation list is in the file", action);
            }
            return all;
        } catch (CRLException | CertificateException broken) {
            LOG.debug("the revocation lists in {} cannot be read", lists, broken);
            throw unusable(lists, "the revocation lists cannot be read", action);
        }
    }

    private static KeyStore empty() throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, null);
        } catch (IOException impossible) {
            throw new IllegalStateException("nothing is read", impossible);
        }
        return store;
    }

    private static Collection<? extends Certificate> certificates(Path file) {
        try {
            Collection<? extends Certificate> all = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(read(file).getBytes(StandardCharsets.US_ASCII)));
            if (all.isEmpty()) {
                throw unusable(file, "no certificate is in the file", "name a PEM file, -----BEGIN CERTIFICATE-----");
            }
            return all;
        } catch (CertificateException broken) {
            throw unusable(file, "the certificates cannot be read", "name a PEM file, -----BEGIN CERTIFICATE-----");
        }
    }

    private static PrivateKey key(Path file) throws GeneralSecurityException {
        requirePrivate(file);
        Matcher found = KEY.matcher(read(file));
        if (!found.find()) {
            throw unusable(
                    file,
                    "no key is in the file, or it is of another form or encrypted",
                    "convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW");
        }
        byte[] bytes = Base64.getMimeDecoder().decode(found.group(1));
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
            } catch (InvalidKeySpecException another) {
                continue;
            }
        }
        throw unusable(file, "the key is of none of the kinds " + ALGORITHMS, "make one of these");
    }

    /** A file system without such permissions has other means. */
    private static void requirePrivate(Path file) {
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.OTHERS_READ)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw unusable(
                        file,
                        "every user of this host may read or change the key",
                        "chmod o= " + file + " (a Secret in Kubernetes: defaultMode: 0440)");
            }
        } catch (UnsupportedOperationException | IOException unknown) {
            LOG.debug("the permissions of {} cannot be read", file, unknown);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.US_ASCII);
        } catch (IOException unreadable) {
            throw unusable(file, "the file cannot be read", "check its path and who may read it");
        }
    }

    private static FirnException unusable(Path file, String what, String action) {
        return FirnException.user("tls-file", what, "file " + file, action);
    }
}
