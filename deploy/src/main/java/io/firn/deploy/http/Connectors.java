package io.firn.deploy.http;

import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.config.TlsConfig;
import io.firn.deploy.tls.Pem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** How the service is connected to: in the clear or by TLS, and with how much patience. */
final class Connectors {
    /** A client that says nothing for so long is not waited for. */
    private static final long IDLE_MILLIS = 10_000;

    private static final int MAX_HEADER_BYTES = 8 << 10;

    /** Nothing that a proxy before the service could read in another way. */
    private static final HttpCompliance COMPLIANCE = HttpCompliance.RFC9110.without(
            "firn", HttpCompliance.Violation.LF_HEADER_TERMINATION, HttpCompliance.Violation.LF_CHUNK_TERMINATION);

    private final HttpConfig config;
    private final long patienceMillis;
    private final Optional<SslContextFactory.Server> tls;

    /**
     * @param patienceMillis what a request may take to get here
     * @throws io.firn.catalog.FirnException {@code tls-file}
     */
    Connectors(HttpConfig config, long patienceMillis) {
        this.config = config;
        this.patienceMillis = patienceMillis;
        this.tls = config.tls().map(files -> {
            SslContextFactory.Server factory = new SslContextFactory.Server();
            read(files, factory);
            // Probes have none; who needs one and has none is told so by HTTP.
            factory.setWantClientAuth(files.clients().isPresent());
            return factory;
        });
    }

    private static void read(TlsConfig files, SslContextFactory.Server factory) {
        factory.setKeyStore(Pem.own(files.certificate(), files.key()));
        factory.setKeyStorePassword("");
        files.clients().ifPresent(issuers -> factory.setTrustStore(Pem.trusted(issuers)));
    }

    /**
     * Present where it talks by TLS.
     *
     * @param clients read again with the files of TLS, and apart from them: what is wrong with the one does not keep the
     *     other from taking effect
     */
    Optional<CertificateReload> reload(Optional<ClientCertificates> clients) {
        return tls.flatMap(factory -> config.tls().map(files -> {
            List<CertificateReload.Watched> watched = new ArrayList<>(List.of(handshake(files, factory)));
            clients.ifPresent(known -> watched.add(new CertificateReload.Watched(
                    both(files.clients(), files.clientCrl()),
                    known::reload,
                    "clients' issuers stay as they were; without readable revocation lists, if http.tls.client-crl is"
                            + " set, no client certificate is accepted")));
            return new CertificateReload(watched);
        }));
    }

    private static CertificateReload.Watched handshake(TlsConfig files, SslContextFactory.Server factory) {
        List<Path> all = new ArrayList<>(List.of(files.certificate(), files.key()));
        files.clients().ifPresent(all::add);
        return new CertificateReload.Watched(
                List.copyOf(all),
                () -> {
                    SslContextFactory.Server fresh = new SslContextFactory.Server();
                    read(files, fresh);
                    factory.reload(changing -> read(files, (SslContextFactory.Server) changing));
                },
                "the old ones stay in use; put both a certificate and its key there");
    }

    private static List<Path> both(Optional<Path> first, Optional<Path> second) {
        List<Path> present = new ArrayList<>();
        first.ifPresent(present::add);
        second.ifPresent(present::add);
        return List.copyOf(present);
    }

    Connector connector(Server server, HttpConfiguration http, String host, int port) {
        http.setSendServerVersion(false);
        http.setIdleTimeout(IDLE_MILLIS);
        http.setRequestHeaderSize(MAX_HEADER_BYTES);
        http.setHttpCompliance(COMPLIANCE);
        if (config.icebergRest()) {
            // The levels of a namespace are parted by a control character, the unit separator.
            http.setUriCompliance(
                    UriCompliance.DEFAULT.with("namespaces", UriCompliance.Violation.SUSPICIOUS_PATH_CHARACTERS));
        }
        ServerConnector connector;
        if (tls.isPresent()) {
            // The name that a client asked for is of no matter: there is one certificate.
            SecureRequestCustomizer secure = new SecureRequestCustomizer(false);
            http.addCustomizer(secure);
            HttpConnectionFactory plain = new HttpConnectionFactory(http);
            connector = new ServerConnector(server, new SslConnectionFactory(tls.get(), plain.getProtocol()), plain);
        } else {
            connector = new ServerConnector(server, new HttpConnectionFactory(http));
        }
        connector.setHost(host);
        connector.setPort(port);
        connector.setIdleTimeout(IDLE_MILLIS);
        connector.addBean(new SlowClients(connector, patienceMillis));
        return connector;
    }
}
