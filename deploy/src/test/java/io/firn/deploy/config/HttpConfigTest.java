package io.firn.deploy.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpConfigTest {
    @TempDir
    private Path folder;

    private HttpConfig read(String http) throws IOException {
        Path file = Files.writeString(folder.resolve("firn.yaml"), """
                kafka: {bootstrap.servers: 'b:1'}
                catalog: {type: jdbc, uri: 'jdbc:x'}
                http: {HTTP}
                pipelines: {all: {topics: [a], table: shop.orders}}
                """.replace("HTTP", http));
        return new ConfigFile(Map.of("SAME", "the-same-of-all-names", "EMPTY", "")::get)
                .read(file)
                .http();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    token: short                                      | http.token             | than 16 characters
                    token: '                 '                        | http.token             | the token is empty
                    token: '${env:EMPTY}'                             | http.token             | the token is empty
                    writers: {trino: fifteen-letters}                 | http.writers.trino     | than 16 characters
                    readers: {a: 'with a blank in it'}                | http.readers.a         | a header cannot carry
                    operators: {a: tökentökentökentök}                | http.operators.a       | a header cannot carry
                    token: '${env:SAME}', readers: {t: '${env:SAME}'} | http.readers.t         | one of http.operators
                    iceberg-rest: true                                | http.iceberg-rest      | no token protects it
                    tls: {operators: ['CN=a']}                        | http.tls.operators     | without http.tls.clients
                    tls: {client-crl: a.pem}                          | http.tls.client-crl    | without http.tls.clients
                    tls: {clients: a, operators: [alice]}             | http.tls.operators     | not a name in a
                    tls: {clients: a, readers: ['DNS:*.firn']}        | http.tls.readers       | not a name in a
                    tls: {clients: a, writers: ['URI:']}              | http.tls.writers       | not a name in a
                    tls: {clients: a, readers: []}                    | http.tls.readers       | no name is in the list
                    tls: {operators: [CN=a], readers: ['cn= A']}      | http.tls.readers       | http.tls.operators has
                    iceberg-locations: [http://x/y]                   | http.iceberg-locations | other servers
                    iceberg-locations: [s3://a/../b]                  | http.iceberg-locations | '..'
                    """)
    void whatWouldLeaveTheServiceUnprotectedIsRefused(String http, String where, String what) {
        ConfigException refused = catchThrowableOfType(ConfigException.class, () -> read(http));
        assertThat(refused).as("must be refused").isNotNull();
        assertThat(refused.problems())
                .anySatisfy(problem ->
                        assertThat(problem.toString()).contains(where, what).doesNotContain("the-same-of-all-names"));
    }

    @Test
    void tokensOfEnginesAndLocationsReachTheirPlace() throws IOException {
        HttpConfig http = read("iceberg-rest: true, writers: {trino: a-token-of-an-engine}, "
                + "iceberg-locations: ['s3://partners/firn']");
        assertThat(http.tokens().writers()).containsEntry("trino", "a-token-of-an-engine");
        assertThat(http.icebergLocations()).containsExactly("s3://partners/firn");
        assertThat(http.icebergRest()).isTrue();
        assertThat(http.toString()).doesNotContain("a-token-of-an-engine");
    }

    @Test
    void namesInCertificatesReachTheirPlace() throws IOException {
        TlsConfig tls = read("tls: {certificate: s.crt, key: s.key, clients: ca.crt, client-crl: ca.crl, "
                        + "operators: 'CN=alice,O=Firn', writers: ['DNS:Trino.firn'], readers: ['uri:spiffe://F/r']}")
                .tls()
                .orElseThrow();
        assertThat(tls.clientCrl()).contains(Path.of("ca.crl"));
        assertThat(tls.roles().operators()).hasToString("[cn=alice,o=firn]");
        assertThat(tls.roles().writers()).hasToString("[DNS:trino.firn]");
        assertThat(tls.roles().readers()).hasToString("[URI:spiffe://F/r]");
        assertThat(tls.doubts()).isEmpty();
    }

    @Test
    void issuersWithoutNamesAreAcceptedAndReported() throws IOException {
        HttpConfig http = read("tls: {certificate: s.crt, key: s.key, clients: ca.crt}");
        assertThat(http.tls().orElseThrow().doubts()).singleElement().satisfies(doubt -> assertThat(doubt.toString())
                .contains("http.tls.clients", "role operator", "http.tls.operators", "http.tls.readers"));
    }

    @Test
    void anOperatorsTokenServesTheCatalogAsBefore() throws IOException {
        assertThat(read("iceberg-rest: true, token: '${env:SAME}'").tokens().operators())
                .containsOnlyKeys(HttpConfig.OPERATOR);
    }
}
