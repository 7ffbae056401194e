package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;

class StoreRefusalTest {
    private static final String WHERE = "table shop.orders at s3://lake/shop/orders";

    @ParameterizedTest
    @CsvSource({
        "403, AccessDenied, store-access-refused",
        "403, InvalidAccessKeyId, store-access-refused",
        "403, SignatureDoesNotMatch, store-access-refused",
        "403, , store-access-refused",
        "401, , store-access-refused",
        "404, NoSuchBucket, store-bucket-missing",
        "301, PermanentRedirect, store-region"
    })
    void aNoOfTheStoreIsForThePersonWhoConfiguredIt(int status, String code, String expected) {
        Optional<FirnException> refusal =
                StoreRefusal.in(new UncheckedIOException(new IOException(answer(status, code))), WHERE);
        assertThat(refusal).hasValueSatisfying(failure -> {
            assertThat(failure.code()).isEqualTo(expected);
            assertThat(failure.kind()).isEqualTo(FirnException.Kind.USER);
            assertThat(failure.getMessage()).contains("s3://lake/shop/orders", "status " + status);
            assertThat(failure.action()).isNotEmpty();
        });
    }

    @ParameterizedTest
    @CsvSource({
        "503, SlowDown",
        "503, ",
        "500, InternalError",
        "429, TooManyRequests",
        "403, RequestThrottled",
        "400, RequestTimeout",
        "404, NoSuchKey"
    })
    void aStoreThatIsBusyOrOutOfOrderIsTriedAgain(int status, String code) {
        assertThat(StoreRefusal.in(answer(status, code), WHERE)).isEmpty();
    }

    @Test
    void aStoreThatIsAwayIsTriedAgain() {
        assertThat(StoreRefusal.in(new UncheckedIOException(new ConnectException("Connection refused")), WHERE))
                .isEmpty();
    }

    @Test
    void aFolderThatMayNotBeWrittenIsARefusal() {
        Throwable denied = new FileNotFoundException("/lake/orders/a.parquet (Permission denied)");
        assertThat(StoreRefusal.in(new IllegalStateException(denied), WHERE))
                .hasValueSatisfying(failure -> assertThat(failure.getMessage()).contains("a.parquet"));
        assertThat(StoreRefusal.in(new FileNotFoundException("/lake/a (No such file or directory)"), WHERE))
                .isEmpty();
    }

    @Test
    void clientWithoutARegionNamesTheProperty() {
        Throwable failure = SdkClientException.create("Unable to load region from any of the providers in the chain"
                + " software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain@1: [...]");
        assertThat(StoreRefusal.in(new IllegalStateException(failure), WHERE)).hasValueSatisfying(refusal -> {
            assertThat(refusal.code()).isEqualTo("store-region");
            assertThat(refusal.what()).isEqualTo("no region is configured for S3");
            assertThat(refusal.action()).contains("client.region");
        });
        assertThat(StoreRefusal.in(SdkClientException.create("Unable to execute HTTP request"), WHERE))
                .isEmpty();
    }

    private static AwsServiceException answer(int status, String code) {
        return AwsServiceException.builder()
                .message("the store said so")
                .statusCode(status)
                .awsErrorDetails(AwsErrorDetails.builder()
                        .serviceName("S3")
                        .errorCode(code)
                        .errorMessage("the store said so")
                        .build())
                .build();
    }
}
