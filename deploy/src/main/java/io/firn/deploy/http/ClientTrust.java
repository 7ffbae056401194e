package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.deploy.config.TlsConfig;
import io.firn.deploy.tls.Pem;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.X509CRL;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a client certificate is valid now, by the issuers and revocation lists that the files hold now. TLS checks the
 * issuer only when a connection begins; this is asked for every request. Safe for use by several threads.
 */
final class ClientTrust {
    private static final Logger LOG = LoggerFactory.getLogger(ClientTrust.class);
    private static final String KEY = "http.tls.client-crl";

    /** A list may be long and its signature is checked each time. */
    private static final Duration VERDICT_AGE = Duration.ofSeconds(5);

    private static final int MAX_VERDICTS = 1_000;

    private record Verdict(Instant until, Optional<Refusal> refusal) {}

    /**
     * What the files held when they were last read.
     *
     * @param lists empty if revocation is not checked, or if the file cannot be read
     * @param unreadable what is wrong with the file of the lists
     * @param unlisted issuers that have no list of their own in the file
     */
    private record State(
            KeyStore issuers,
            X509TrustManager manager,
            List<X509CRL> lists,
            Optional<String> unreadable,
            List<X500Principal> unlisted,
            Map<X509Certificate, Verdict> verdicts) {}

    private final Path clients;
    private final Optional<Path> crl;
    private volatile State state;

    /** @throws FirnException {@code tls-file} */
    ClientTrust(TlsConfig tls, Path clients) {
        this.clients = clients;
        this.crl = tls.clientCrl();
        this.state = state(Pem.trusted(clients), crl.map(Pem::revocations).orElse(List.of()), Optional.empty());
        warnings().forEach(LOG::warn);
    }

    /**
     * Reads the files again. Without readable revocation lists no certificate is valid; without readable issuers the old
     * ones stay.
     *
     * @throws FirnException {@code tls-file}
     */
    void reload() {
        KeyStore issuers = state.issuers();
        List<FirnException> broken = new ArrayList<>();
        List<X509CRL> lists = List.of();
        Optional<String> unreadable = Optional.empty();
        try {
            issuers = Pem.trusted(clients);
        } catch (FirnException unusable) {
            broken.add(unusable);
        }
        try {
            lists = crl.map(Pem::revocations).orElse(List.of());
        } catch (FirnException unusable) {
            unreadable = Optional.of(unusable.what());
            broken.add(unusable);
        }
        state = state(issuers, lists, unreadable);
        if (!broken.isEmpty()) {
            throw broken.get(broken.size() - 1);
        }
        warnings().forEach(LOG::warn);
    }

    private State state(KeyStore issuers, List<X509CRL> lists, Optional<String> unreadable) {
        X509TrustManager manager = manager(issuers, lists);
        List<X500Principal> unlisted = Arrays.stream(manager.getAcceptedIssuers())
                .filter(issuer -> issuer.getBasicConstraints() >= 0)
                .filter(issuer -> lists.stream().noneMatch(list -> isOf(list, issuer)))
                .map(X509Certificate::getSubjectX500Principal)
                .toList();
        return new State(issuers, manager, lists, unreadable, unlisted, new ConcurrentHashMap<>());
    }

    private static boolean isOf(X509CRL list, X509Certificate issuer) {
        if (!list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
            return false;
        }
        try {
            list.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException ofAnother) {
            LOG.debug(
                    "a revocation list of {} has the signature of another key",
                    list.getIssuerX500Principal(),
                    ofAnother);
            return false;
        }
    }

    private X509TrustManager manager(KeyStore issuers, List<X509CRL> lists) {
        try {
            PKIXBuilderParameters rules = new PKIXBuilderParameters(issuers, new X509CertSelector());
            rules.setRevocationEnabled(false);
            if (crl.isPresent()) {
                PKIXRevocationChecker checker = (PKIXRevocationChecker)
                        CertPathBuilder.getInstance("PKIX").getRevocationChecker();
                // The file alone counts: nothing is asked of other servers.
                checker.setOptions(
                        EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
                rules.addCertPathChecker(checker);
                rules.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(new CertPathTrustManagerParameters(rules));
            return (X509TrustManager) factory.getTrustManagers()[0];
        } catch (GeneralSecurityException e) {
            throw FirnException.user(
                    "tls-file",
                    "the certificates of issuers cannot be used: " + e.getMessage(),
                    "file " + clients,
                    "name a PEM file with the issuers of the clients' certificates in http.tls.clients");
        }
    }

    /**
     * Returns why the certificate is not valid now, or empty if it is.
     *
     * @param chain of the client, its own first
     */
    Optional<Refusal> refusal(X509Certificate[] chain) {
        State now = state;
        Instant time = Instant.now();
        Verdict known = now.verdicts().get(chain[0]);
        if (known != null && time.isBefore(known.until())) {
            return known.refusal();
        }
        Optional<Refusal> refusal = now.unreadable().isPresent()
                ? Optional.of(new Refusal(
                        "no client certificate is accepted: " + now.unreadable().get(),
                        KEY,
                        "put a readable revocation list there; it is read again within 10 s"))
                : validate(now, chain);
        if (now.verdicts().size() >= MAX_VERDICTS) {
            now.verdicts().clear();
        }
        now.verdicts().put(chain[0], new Verdict(time.plus(VERDICT_AGE), refusal));
        return refusal;
    }

    private Optional<Refusal> validate(State now, X509Certificate[] chain) {
        try {
            now.manager().checkClientTrusted(chain, "UNKNOWN");
            return Optional.empty();
        } catch (CertificateException invalid) {
            LOG.debug("the certificate of {} is not valid", chain[0].getSubjectX500Principal(), invalid);
            return Optional.of(refusal(invalid, chain[0]));
        }
    }

    private static Refusal refusal(CertificateException invalid, X509Certificate certificate) {
        String subject = certificate.getSubjectX500Principal().getName();
        String issuer = certificate.getIssuerX500Principal().getName();
        CertPathValidatorException.@Nullable Reason reason = reason(invalid);
        if (BasicReason.REVOKED.equals(reason)) {
            return new Refusal(
                    "this client certificate is revoked",
                    KEY + ": " + subject,
                    "use a certificate that is not revoked");
        }
        if (BasicReason.UNDETERMINED_REVOCATION_STATUS.equals(reason)) {
            return new Refusal(
                    "the revocation list for this client certificate is missing or expired",
                    KEY + ": " + subject + ", issued by " + issuer,
                    "put a current list of every issuer into the file; it is read again within 10 s");
        }
        return new Refusal(
                "this client certificate is not valid, or its issuer is no longer trusted",
                "http.tls.clients: " + subject + ", issued by " + issuer,
                "use a valid certificate of one of the issuers in the file");
    }

    private static CertPathValidatorException.@Nullable Reason reason(Throwable invalid) {
        for (Throwable cause = invalid; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertPathValidatorException) {
                return ((CertPathValidatorException) cause).getReason();
            }
        }
        return null;
    }

    /**
     * Returns why certificates are refused until the file of revocation lists is replaced. Java accepts an expired list
     * for 15 more minutes, since clocks differ.
     */
    List<String> warnings() {
        State now = state;
        if (crl.isEmpty()) {
            return List.of();
        }
        if (now.unreadable().isPresent()) {
            return List.of(
                    KEY + ": " + now.unreadable().get() + "; no client certificate is accepted until it is replaced");
        }
        Instant time = Instant.now();
        Stream<String> missing = now.unlisted().stream()
                .map(issuer -> KEY + ": no revocation list of " + issuer
                        + " is in the file; certificates of this issuer are refused until one is added");
        Stream<String> expired = now.lists().stream()
                .filter(list -> list.getNextUpdate() != null
                        && list.getNextUpdate().toInstant().isBefore(time))
                .map(list -> KEY + ": the revocation list of " + list.getIssuerX500Principal() + " expired at "
                        + list.getNextUpdate().toInstant()
                        + "; from 15 minutes after that time, certificates of this issuer are refused until the list is"
                        + " replaced");
        return Stream.concat(missing, expired).toList();
    }
}
