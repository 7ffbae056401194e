package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.config.CertificateRoles;
import io.firn.deploy.config.TlsConfig;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.tls.CertificateName;
import io.firn.deploy.tls.Pem;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Issues certificates and revocation lists into a directory, by the JDK's own tool. */
final class TestAuthority {
    private static final String PASSWORD = "changeit";

    private final Path folder;
    private final Map<String, X509Certificate> issued = new TreeMap<>();

    /** @param folder empty; gets {@code ca.crt}, and {@code service.crt} and {@code service.key} of a service */
    TestAuthority(Path folder) throws Exception {
        this.folder = folder;
        keytool("-genkeypair", "-alias", "ca", "-keyalg", "EC", "-dname", "CN=ca,O=Firn", "-ext", "bc=ca:true");
        issue("service", "CN=localhost", "san=dns:localhost,ip:127.0.0.1");
        write("ca", store());
    }

    /** Issues a certificate to a client; {@code NAME.crt} and {@code NAME.key} are its files. */
    void issue(String name, String subject, String... extensions) throws Exception {
        List<String> arguments = new ArrayList<>(
                List.of("-genkeypair", "-alias", name, "-signer", "ca", "-keyalg", "EC", "-dname", subject));
        Arrays.stream(extensions).forEach(extension -> arguments.addAll(List.of("-ext", extension)));
        keytool(arguments.toArray(String[]::new));
        write(name, store());
    }

    /**
     * Writes a revocation list.
     *
     * @param startDate when it was made, as {@code -startdate} of keytool; it expires two days later
     */
    Path revoke(String file, String startDate, String... names) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("-gencrl", "-rfc", "-alias", "ca", "-startdate", startDate));
        arguments.addAll(List.of("-file", folder.resolve(file).toString()));
        arguments.addAll(List.of("-id", "1"));
        for (String name : names) {
            arguments.addAll(List.of(
                    "-id",
                    Objects.requireNonNull(issued.get(name)).getSerialNumber().toString()));
        }
        keytool(arguments.toArray(String[]::new));
        return folder.resolve(file);
    }

    private KeyStore store() throws Exception {
        return KeyStore.getInstance(folder.resolve("all.p12").toFile(), PASSWORD.toCharArray());
    }

    private void write(String name, KeyStore store) throws Exception {
        issued.put(name, (X509Certificate) store.getCertificate(name));
        StringBuilder chain = new StringBuilder();
        for (Certificate certificate : store.getCertificateChain(name)) {
            chain.append(pem("CERTIFICATE", certificate.getEncoded()));
        }
        Files.writeString(folder.resolve(name + ".crt"), chain);
        Path key = Files.writeString(
                folder.resolve(name + ".key"),
                pem("PRIVATE KEY", store.getKey(name, PASSWORD.toCharArray()).getEncoded()));
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
    }

    private static String pem(String kind, byte[] bytes) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(bytes) + "\n-----END " + kind
                + "-----\n";
    }

    private void keytool(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-J-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keystore", folder.resolve("all.p12").toString(), "-storetype", "PKCS12"));
        command.addAll(List.of("-storepass", PASSWORD, "-validity", "2"));
        Path log = folder.resolve("keytool.log");
        Process tool = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(tool.waitFor(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        assertThat(tool.exitValue()).as(Files.readString(log)).isZero();
    }

    /** Returns the file that holds this authority's own certificate. */
    Path issuers() {
        return folder.resolve("ca.crt");
    }

    /** TLS of a service that takes clients' certificates of this authority. */
    TlsConfig tls(Optional<Path> crl, CertificateRoles roles) {
        return new TlsConfig(
                folder.resolve("service.crt"),
                folder.resolve("service.key"),
                Optional.of(folder.resolve("ca.crt")),
                crl,
                roles);
    }

    static List<CertificateName> names(String... names) {
        return Arrays.stream(names)
                .map(name -> CertificateName.parse(name).orElseThrow())
                .toList();
    }

    /** @param own empty for a client without a certificate */
    HttpClient client(String own) throws Exception {
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(Pem.trusted(folder.resolve("ca.crt")));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        if (!own.isEmpty()) {
            keys.init(Pem.own(folder.resolve(own + ".crt"), folder.resolve(own + ".key")), new char[0]);
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.isEmpty() ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(context).build();
    }
}
