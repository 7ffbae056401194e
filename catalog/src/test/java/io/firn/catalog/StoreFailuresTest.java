package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.exceptions.ServiceUnavailableException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

final class StoreFailuresTest {
    static Stream<RuntimeException> thatPass() {
        return Stream.of(
                new UncheckedIOException("cannot write a row group", new IOException("No space left on device")),
                new RuntimeIOException("Failed to create file"),
                new IllegalStateException("wrapped", new RuntimeIOException("Failed to open")),
                new ServiceUnavailableException("503"),
                AwsServiceException.builder()
                        .message("SlowDown")
                        .statusCode(503)
                        .build(),
                FirnException.external("store-away", "the store is away", "s3://lake", "", new IOException()));
    }

    @ParameterizedTest
    @MethodSource("thatPass")
    void aStoreThatIsAwayOrFullMayComeBack(RuntimeException failure) {
        assertThat(StoreFailures.mayRecover(failure)).isTrue();
    }

    static Stream<RuntimeException> thatStay() {
        return Stream.of(
                new IllegalStateException("a writer that failed"),
                new IllegalArgumentException("bug", new SQLException("syntax")),
                FirnException.user("store-access-refused", "access is denied", "s3://lake", "check"),
                FirnException.internal("writer-broken", "not discarded", "shop.orders"));
    }

    @ParameterizedTest
    @MethodSource("thatStay")
    void anErrorOfOursOrOfTheUserStays(RuntimeException failure) {
        assertThat(StoreFailures.mayRecover(failure)).isFalse();
    }
}
