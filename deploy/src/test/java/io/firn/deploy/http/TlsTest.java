package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.firn.catalog.FirnException;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.cli.FirnCommand;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.config.TlsConfig;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.tls.Pem;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates of the service and of its clients, made by the JDK's own tool. */
class TlsTest {
    @TempDir
    private static Path folder;

    private final OneOrdersPipeline orders = new OneOrdersPipeline();
    private final StringWriter said = new StringWriter();

    @BeforeAll
    static void makeCertificates() throws Exception {
        Map<String, Process> tools = Map.of(
                "service", keytool("service", "CN=localhost", "san=dns:localhost,ip:127.0.0.1"),
                "renewed", keytool("renewed", "CN=renewed", "san=dns:localhost,ip:127.0.0.1"),
                "alice", keytool("alice", "CN=alice,O=Firn", "bc=ca:true"),
                "mallory", keytool("mallory", "CN=alice,O=Firn", "bc=ca:true"));
        for (Map.Entry<String, Process> tool : tools.entrySet()) {
            assertThat(tool.getValue().waitFor(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            convert(tool.getKey());
        }
    }

    private static Process keytool(String name, String subject, String extension) throws IOException {
        Path program = Path.of(System.getProperty("java.home"), "bin", "keytool");
        return new ProcessBuilder(
                        program.toString(),
                        "-J-XX:TieredStopAtLevel=1",
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        "EC",
                        "-dname",
                        subject,
                        "-ext",
                        extension,
                        "-keystore",
                        folder.resolve(name + ".p12").toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "changeit",
                        "-validity",
                        "2")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile())
                .start();
    }

    private static void convert(String name) throws Exception {
        KeyStore made = KeyStore.getInstance(folder.resolve(name + ".p12").toFile(), "changeit".toCharArray());
        pem(name + ".crt", "CERTIFICATE", made.getCertificate(name).getEncoded());
        pem(
                name + ".key",
                "PRIVATE KEY",
                made.getKey(name, "changeit".toCharArray()).getEncoded());
    }

    private static void pem(String name, String kind, byte[] bytes) throws IOException {
        Path file = Files.writeString(
                folder.resolve(name),
                "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END " + kind
                        + "-----\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw----r--", "rw-----w-"})
    void aKeyThatEveryUserOfTheHostMayReadIsRefused(String permissions) throws Exception {
        replace("service.crt", "shared.crt");
        replace("service.key", "shared.key");
        Files.setPosixFilePermissions(folder.resolve("shared.key"), PosixFilePermissions.fromString(permissions));
        FirnException refused = catchThrowableOfType(FirnException.class, () -> start(tls("shared", Optional.empty())));
        assertThat(refused.code()).isEqualTo("tls-file");
        assertThat(refused.getMessage()).contains("every user of this host", "shared.key", "chmod o=");
    }

    @Test
    void whoever_has_a_certificate_of_a_known_issuer_is_an_operator_by_its_name() throws Exception {
        try (HttpService service = start(tls("service", Optional.of(folder.resolve("alice.crt"))))) {
            HttpRequest pause = request(service, "/v1/pipelines/orders/pause")
                    .POST(BodyPublishers.noBody())
                    .build();
            assertThat(client("service", "alice")
                            .send(pause, BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
            assertThat(orders.paused).isTrue();
            HttpResponse<String> none = client("service", "").send(pause, BodyHandlers.ofString());
            assertThat(none.statusCode()).isEqualTo(401);
            HttpRequest ready = request(service, "/health/ready").build();
            assertThat(client("service", "")
                            .send(ready, BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
            assertThat(catchThrowableOfType(IOException.class, () -> client("service", "mallory")
                            .send(pause, BodyHandlers.ofString())))
                    .as("of the same name and another issuer")
                    .isNotNull();
        }
    }

    @Test
    void the_command_line_takes_the_same_files() {
        try (HttpService service = start(tls("service", Optional.of(folder.resolve("alice.crt"))))) {
            String url = "https://127.0.0.1:" + service.port();
            String ca = folder.resolve("service.crt").toString();
            String certificate = folder.resolve("alice.crt").toString();
            String key = folder.resolve("alice.key").toString();
            assertThat(firn("pause", "orders", "--url", url, "--ca", ca, "--cert", certificate, "--key", key))
                    .isZero();
            assertThat(orders.paused).isTrue();
            assertThat(firn("status", "--url", url, "--ca", ca)).isEqualTo(2);
            assertThat(firn("status", "--url", url))
                    .as("an issuer that Java does not know")
                    .isEqualTo(1);
            assertThat(said.toString()).contains("no secure connection can be made", "check the certificates");
            assertThat(firn("status", "--url", url, "--cert", certificate)).isEqualTo(2);
        }
    }

    private int firn(String... arguments) {
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        PrintWriter out = new PrintWriter(said, true);
        return FirnCommand.run(assembly, new StopRequest(), out, out, arguments);
    }

    @Test
    void a_token_does_where_certificates_of_clients_are_not_asked_for() throws Exception {
        try (HttpService service = start(new HttpConfig(
                "127.0.0.1:0", Map.of("operator", "geheim"), Map.of(), tls("service", Optional.empty()), 100))) {
            HttpRequest status = request(service, "/v1/status")
                    .header("Authorization", "Bearer geheim")
                    .build();
            assertThat(client("service", "")
                            .send(status, BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(200);
            assertThat(catchThrowableOfType(
                            SSLException.class, () -> client("renewed", "").send(status, BodyHandlers.ofString())))
                    .as("a service of which the client does not know the issuer")
                    .isNotNull();
        }
    }

    @Test
    void a_renewed_certificate_is_taken_and_a_broken_one_is_not() throws Exception {
        Files.copy(folder.resolve("service.crt"), folder.resolve("live.crt"));
        Files.copy(folder.resolve("service.key"), folder.resolve("live.key"));
        HttpConfig config = new HttpConfig(
                "127.0.0.1:0", Map.of("operator", "geheim"), Map.of(), tls("live", Optional.empty()), 100);
        try (HttpService service = start(config)) {
            assertThat(ready(service, "service")).isEqualTo(200);

            Files.writeString(folder.resolve("live.crt"), "half a file");
            service.lookForCertificates();
            assertThat(ready(service, "service")).as("the old one goes on").isEqualTo(200);

            replace("renewed.crt", "live.crt");
            replace("renewed.key", "live.key");
            service.lookForCertificates();
            assertThat(ready(service, "renewed")).isEqualTo(200);
        }
    }

    private static void replace(String from, String to) throws IOException {
        Path target = Files.writeString(folder.resolve(to), Files.readString(folder.resolve(from)));
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r-----"));
    }

    private static int ready(HttpService service, String trusted) throws Exception {
        HttpRequest request = request(service, "/health/ready").build();
        return client(trusted, "").send(request, BodyHandlers.ofString()).statusCode();
    }

    @Test
    void files_that_are_of_no_use_are_named_before_anything_starts() throws IOException {
        Files.writeString(folder.resolve("encrypted.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n");
        Files.setPosixFilePermissions(folder.resolve("encrypted.key"), PosixFilePermissions.fromString("rw-------"));
        Files.copy(folder.resolve("service.crt"), folder.resolve("encrypted.crt"));
        FirnException encrypted = catchThrowableOfType(
                FirnException.class,
                () -> HttpService.check(
                        new HttpConfig("127.0.0.1:0", Map.of(), Map.of(), tls("encrypted", Optional.empty()), 100)));
        assertThat(encrypted.code()).isEqualTo("tls-file");
        assertThat(encrypted).hasMessageContaining("encrypted.key").hasMessageContaining("openssl pkcs8");
        FirnException missing = catchThrowableOfType(
                FirnException.class,
                () -> HttpService.check(
                        new HttpConfig("127.0.0.1:0", Map.of(), Map.of(), tls("no", Optional.empty()), 100)));
        assertThat(missing).hasMessageContaining("no.crt").hasMessageContaining("cannot be read");
    }

    private HttpService start(Optional<TlsConfig> tls) {
        return start(new HttpConfig("127.0.0.1:0", Map.of(), Map.of(), tls, 100));
    }

    private HttpService start(HttpConfig config) {
        return HttpService.start(config, orders, Clock.fixed(OneOrdersPipeline.NOW, ZoneOffset.UTC));
    }

    private static Optional<TlsConfig> tls(String name, Optional<Path> clients) {
        return Optional.of(new TlsConfig(folder.resolve(name + ".crt"), folder.resolve(name + ".key"), clients));
    }

    private static HttpRequest.Builder request(HttpService service, String path) {
        return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + service.port() + path));
    }

    /** @param own empty for a client without a certificate */
    private static HttpClient client(String trusted, String own) throws GeneralSecurityException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(Pem.trusted(folder.resolve(trusted + ".crt")));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        if (!own.isEmpty()) {
            keys.init(Pem.own(folder.resolve(own + ".crt"), folder.resolve(own + ".key")), new char[0]);
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.isEmpty() ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(context).build();
    }

    @Test
    void the_subject_of_a_certificate_is_read_from_the_first_of_the_chain() throws Exception {
        KeyStore own = Pem.own(folder.resolve("alice.crt"), folder.resolve("alice.key"));
        X509Certificate first = (X509Certificate) own.getCertificate("own");
        assertThat(first.getSubjectX500Principal().getName()).isEqualTo("CN=alice,O=Firn");
    }
}
