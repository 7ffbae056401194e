package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.io.FileIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README says of S3's settings, seen from the other side: what reaches the store. */
final class StoreSettingsTest {
    private static final String PROVIDERS = "software.amazon.awssdk.auth.credentials.";

    private final FakeAws aws = FakeAws.start();

    @TempDir
    private Path directory;

    @AfterEach
    void stop() {
        aws.close();
    }

    @Test
    void static_keys_region_and_path_style_reach_the_store() {
        Stores.reach(properties(Map.of()));

        assertThat(asked()).extracting(FakeAws.Sent::path).containsExactly("/lake/warehouse/firn-check");
        assertThat(aws.last().credential()).startsWith("the-key/").endsWith("/eu-central-2/s3/aws4_request");
        assertThat(aws.last().headers()).doesNotContainKey("x-amz-security-token");
    }

    @Test
    void a_session_token_goes_with_its_keys() {
        Stores.reach(properties(Map.of("s3.session-token", "for-an-hour")));

        assertThat(aws.last().headers()).containsEntry("x-amz-security-token", "for-an-hour");
    }

    @Test
    void objects_are_encrypted_as_configured() throws IOException {
        write(properties(Map.of("s3.sse.type", "kms", "s3.sse.key", "key-of-kms")));
        assertThat(aws.last().headers())
                .containsEntry("x-amz-server-side-encryption", "aws:kms")
                .containsEntry("x-amz-server-side-encryption-aws-kms-key-id", "key-of-kms");

        write(properties(Map.of("s3.sse.type", "s3", "s3.write.storage-class", "STANDARD_IA")));
        assertThat(aws.last().headers())
                .containsEntry("x-amz-server-side-encryption", "AES256")
                .containsEntry("x-amz-storage-class", "STANDARD_IA");
    }

    @Test
    void a_store_that_throttles_is_asked_again_as_often_as_configured() {
        aws.throttle(3);
        Stores.reach(properties(
                Map.of("s3.retry.num-retries", "3", "s3.retry.min-wait-ms", "1", "s3.retry.max-wait-ms", "5")));

        assertThat(asked()).hasSize(4);
    }

    @Test
    void keys_come_from_the_environment_a_profile_or_a_web_identity() throws Exception {
        Path profile = Files.writeString(directory.resolve("credentials"), """
                [lake]
                aws_access_key_id = of-the-profile
                aws_secret_access_key = secret
                """);
        Path token = Files.writeString(directory.resolve("token"), "who-i-am");
        run(
                Map.of(
                        "AWS_REGION", "eu-central-2",
                        "AWS_ACCESS_KEY_ID", "of-the-environment",
                        "AWS_SECRET_ACCESS_KEY", "secret",
                        "AWS_PROFILE", "lake",
                        "AWS_SHARED_CREDENTIALS_FILE", profile.toString(),
                        "AWS_ROLE_ARN", "arn:aws:iam::1:role/firn",
                        "AWS_WEB_IDENTITY_TOKEN_FILE", token.toString(),
                        "AWS_ENDPOINT_URL_STS", aws.endpoint()),
                "default",
                PROVIDERS + "ProfileCredentialsProvider",
                PROVIDERS + "WebIdentityTokenFileCredentialsProvider");

        List<FakeAws.Sent> sent = asked();
        assertThat(sent).extracting(FakeAws.Sent::method).containsExactly("HEAD", "HEAD", "POST", "HEAD");
        assertThat(sent.get(0).credential()).startsWith("of-the-environment/");
        assertThat(sent.get(1).credential()).startsWith("of-the-profile/");
        assertThat(sent.get(2).body()).contains("who-i-am", "role%2Ffirn");
        assertThat(sent.get(3).credential()).startsWith("of-the-role/");
        assertThat(sent.get(3).headers()).containsEntry("x-amz-security-token", "token-of-the-role");
    }

    /** The requests without those that list the bucket, one for each time that the store is asked. */
    private List<FakeAws.Sent> asked() {
        return aws.requests().stream()
                .filter(sent -> !sent.method().equals("GET"))
                .toList();
    }

    private Map<String, String> properties(Map<String, String> more) {
        Map<String, String> properties = new HashMap<>(Map.of(
                "io-impl", "org.apache.iceberg.aws.s3.S3FileIO",
                "warehouse", "s3://lake/warehouse",
                "s3.endpoint", aws.endpoint(),
                "s3.path-style-access", "true",
                "s3.access-key-id", "the-key",
                "s3.secret-access-key", "the-secret",
                "client.region", "eu-central-2"));
        properties.putAll(more);
        return properties;
    }

    private static void write(Map<String, String> properties) throws IOException {
        try (FileIO io = CatalogUtil.loadFileIO("org.apache.iceberg.aws.s3.S3FileIO", properties, new Configuration());
                OutputStream out =
                        io.newOutputFile("s3://lake/warehouse/object").create()) {
            out.write(1);
        }
    }

    /** Nobody can change the environment of a process that runs. */
    private void run(Map<String, String> environment, String... providers) throws Exception {
        Path output = directory.resolve("probe.log");
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path", ""),
                "io.firn.catalog.StoreProbe",
                aws.endpoint());
        builder.command().addAll(List.of(providers));
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).as(Files.readString(output)).isZero();
        } finally {
            process.destroyForcibly();
        }
    }
}
