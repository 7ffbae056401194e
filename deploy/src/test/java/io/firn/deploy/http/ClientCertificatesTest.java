package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.firn.catalog.FirnException;
import io.firn.deploy.config.CertificateRoles;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.config.TlsConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a running service lets the holders of client certificates do. */
class ClientCertificatesTest {
    private static final String PAUSE = "/v1/pipelines/orders/pause";
    private static final String STATUS = "/v1/status";
    private static final String NOW = "-1H";

    @TempDir
    private static Path folder;

    private static TestAuthority authority;
    private static TestAuthority other;

    private final OneOrdersPipeline orders = new OneOrdersPipeline();

    @BeforeAll
    static void issue() throws Exception {
        authority = new TestAuthority(folder);
        other = new TestAuthority(Files.createDirectory(folder.resolve("other")));
        authority.issue("alice", "CN=alice,O=Firn");
        authority.issue("longer", "CN=alice,O=Firn,C=DE", "san=uri:spiffe://firn/engine/2,dns:a.trino.firn");
        authority.issue("engine", "CN=engine", "san=dns:Trino.firn,uri:spiffe://firn/engine");
    }

    @Test
    void subjectIsComparedAsAWhole() throws Exception {
        try (HttpService service = start(operators("cn=ALICE,  o=firn"))) {
            assertThat(post(service, "alice", PAUSE).statusCode()).isEqualTo(200);
            HttpResponse<String> longer = post(service, "longer", PAUSE);
            assertThat(longer.statusCode()).isEqualTo(403);
            assertThat(longer.body()).contains("CN=alice,O=Firn,C=DE", "http.tls.operators");
            assertThat(get(service, "longer", STATUS).statusCode()).isEqualTo(403);
            assertThat(get(service, "longer", "/health/ready").statusCode()).isEqualTo(200);
            assertThat(get(service, "", STATUS).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void alternativeNameIsComparedAsAWhole() throws Exception {
        for (String name : List.of("DNS:trino.FIRN", "uri:spiffe://firn/engine")) {
            try (HttpService service = start(operators(name))) {
                assertThat(get(service, "engine", STATUS).statusCode()).as(name).isEqualTo(200);
                assertThat(get(service, "longer", STATUS).statusCode()).as(name).isEqualTo(403);
                assertThat(get(service, "alice", STATUS).statusCode()).as(name).isEqualTo(403);
            }
        }
    }

    @Test
    void readerIsToldWhichKeyNamesOperators() throws Exception {
        CertificateRoles roles = new CertificateRoles(List.of(), List.of(), TestAuthority.names("CN=alice,O=Firn"));
        try (HttpService service = start(roles)) {
            assertThat(get(service, "alice", STATUS).statusCode()).isEqualTo(200);
            HttpResponse<String> refused = post(service, "alice", PAUSE);
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()).contains("certificate", "CN=alice,O=Firn", "http.tls.operators");
        }
    }

    @Test
    void operatorsComeBeforeReadersIfBothNameACertificate() throws Exception {
        CertificateRoles roles = new CertificateRoles(
                TestAuthority.names("DNS:trino.firn"), List.of(), TestAuthority.names("CN=engine"));
        try (HttpService service = start(roles)) {
            assertThat(post(service, "engine", PAUSE).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void withoutListsEveryCertificateIsAnOperatorsAsBefore() throws Exception {
        try (HttpService service = start(CertificateRoles.none())) {
            assertThat(post(service, "longer", PAUSE).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void revocationTakesEffectOnAnOpenConnection() throws Exception {
        Path crl = authority.revoke("live.crl", NOW, "engine");
        try (HttpService service = start(authority.tls(Optional.of(crl), CertificateRoles.none()))) {
            HttpClient alice = authority.client("alice");
            assertThat(send(alice, service, STATUS).statusCode()).isEqualTo(200);
            HttpResponse<String> engine = get(service, "engine", STATUS);
            assertThat(engine.statusCode()).isEqualTo(403);
            assertThat(engine.body()).contains("revoked", "CN=engine", "http.tls.client-crl");

            replace(authority.revoke("next.crl", NOW, "alice"), crl);
            service.lookForCertificates();
            assertThat(send(alice, service, STATUS).statusCode())
                    .as("same connection")
                    .isEqualTo(403);
            assertThat(get(service, "alice", STATUS).statusCode()).isEqualTo(403);
            assertThat(get(service, "engine", STATUS).statusCode())
                    .as("no longer in the list")
                    .isEqualTo(200);
        }
    }

    @Test
    void unreadableListRefusesEveryCertificateAndShowsInHealth() throws Exception {
        Path crl = authority.revoke("broken.crl", NOW);
        try (HttpService service = start(authority.tls(Optional.of(crl), CertificateRoles.none()))) {
            HttpClient alice = authority.client("alice");
            assertThat(send(alice, service, STATUS).statusCode()).isEqualTo(200);
            Files.writeString(crl, "half a list");
            service.lookForCertificates();
            HttpResponse<String> refused = send(alice, service, STATUS);
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()).contains("cannot be read", "http.tls.client-crl");
            HttpResponse<String> health = get(service, "", "/health/ready");
            assertThat(health.statusCode()).isEqualTo(200);
            assertThat(health.body()).contains("amber", "http.tls.client-crl");

            replace(authority.revoke("mended.crl", NOW), crl);
            service.lookForCertificates();
            assertThat(send(alice, service, STATUS).statusCode()).isEqualTo(200);
            assertThat(get(service, "", "/health/ready").body()).doesNotContain("client-crl");
        }
        Files.writeString(crl, "half a list");
        FirnException unusable = catchThrowableOfType(
                FirnException.class,
                () -> HttpService.check(config(authority.tls(Optional.of(crl), CertificateRoles.none()))));
        assertThat(unusable.code()).isEqualTo("tls-file");
        assertThat(unusable).hasMessageContaining("broken.crl");
    }

    @Test
    void expiredListRefusesEveryCertificateAndShowsInHealth() throws Exception {
        Path crl = authority.revoke("expired.crl", "-5d");
        try (HttpService service = start(authority.tls(Optional.of(crl), CertificateRoles.none()))) {
            HttpResponse<String> refused = get(service, "alice", STATUS);
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()).contains("expired", "CN=ca,O=Firn", "http.tls.client-crl");
            assertThat(get(service, "", "/health/ready").body()).contains("amber", "expired", "http.tls.client-crl");
        }
    }

    @Test
    void listThatExpiredMinutesAgoCountsAndShowsInHealth() throws Exception {
        Path crl = authority.revoke("late.crl", "-2d-5M", "engine");
        try (HttpService service = start(authority.tls(Optional.of(crl), CertificateRoles.none()))) {
            assertThat(get(service, "alice", STATUS).statusCode()).isEqualTo(200);
            assertThat(get(service, "engine", STATUS).body()).contains("revoked");
            assertThat(get(service, "", "/health/ready").body()).contains("expired", "15 minutes");
        }
    }

    @Test
    void listOfAnotherAuthorityWithTheSameNameIsNone() throws Exception {
        Path crl = other.revoke("ca.crl", NOW);
        try (HttpService service = start(authority.tls(Optional.of(crl), CertificateRoles.none()))) {
            HttpResponse<String> refused = get(service, "alice", STATUS);
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()).contains("revocation list", "CN=ca,O=Firn", "http.tls.client-crl");
            assertThat(get(service, "", "/health/ready").body()).contains("amber", "no revocation list of CN=ca");
        }
    }

    @Test
    void issuerThatIsNoLongerTrustedCountsOnAnOpenConnection() throws Exception {
        Path clients = Files.copy(folder.resolve("ca.crt"), folder.resolve("clients.crt"));
        TlsConfig tls =
                new TlsConfig(folder.resolve("service.crt"), folder.resolve("service.key"), Optional.of(clients));
        try (HttpService service = start(tls)) {
            HttpClient alice = authority.client("alice");
            assertThat(send(alice, service, STATUS).statusCode()).isEqualTo(200);
            replace(other.issuers(), clients);
            service.lookForCertificates();
            HttpResponse<String> refused = send(alice, service, STATUS);
            assertThat(refused.statusCode()).isEqualTo(403);
            assertThat(refused.body()).contains("http.tls.clients");
        }
    }

    /** The time of the last change may be as coarse as a second: it must differ. */
    private static void replace(Path from, Path to) throws Exception {
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(to, FileTime.from(Instant.now().plusSeconds(60)));
    }

    private static CertificateRoles operators(String name) {
        return new CertificateRoles(TestAuthority.names(name), List.of(), List.of());
    }

    private HttpService start(CertificateRoles roles) {
        return start(authority.tls(Optional.empty(), roles));
    }

    private HttpService start(TlsConfig tls) {
        return HttpService.start(config(tls), orders, Clock.systemUTC());
    }

    private static HttpConfig config(TlsConfig tls) {
        return new HttpConfig("127.0.0.1:0", Map.of(), Map.of(), Optional.of(tls), 1_000);
    }

    private static HttpResponse<String> get(HttpService service, String own, String path) throws Exception {
        return send(authority.client(own), service, path);
    }

    private static HttpResponse<String> post(HttpService service, String own, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri(service, path))
                .POST(BodyPublishers.noBody())
                .build();
        return authority.client(own).send(request, BodyHandlers.ofString());
    }

    private static HttpResponse<String> send(HttpClient client, HttpService service, String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(service, path)).build(), BodyHandlers.ofString());
    }

    private static URI uri(HttpService service, String path) {
        return URI.create("https://127.0.0.1:" + service.port() + path);
    }
}
