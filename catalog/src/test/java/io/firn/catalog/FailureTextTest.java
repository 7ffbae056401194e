package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;

final class FailureTextTest {
    @Test
    void whatWasTriedAndWhyItFailedAreInOneLine() {
        assertThat(FailureText.of(new UncheckedIOException(
                        "cannot write a row group", new IOException("No space left\non device"))))
                .isEqualTo("cannot write a row group: No space left");
    }

    @Test
    void aReasonThatIsAlreadySaidIsNotSaidTwice() {
        assertThat(FailureText.of(new UncheckedIOException(new IOException("No space left"))))
                .isEqualTo("java.io.IOException: No space left");
        assertThat(FailureText.of(new IllegalStateException("closed"))).isEqualTo("closed");
    }

    @Test
    void aFailureWithoutWordsIsSaidByItsKind() {
        assertThat(FailureText.of(new IllegalStateException(" "))).isEqualTo("IllegalStateException");
        assertThat(FailureText.of(null)).isNotBlank();
    }

    @Test
    void secretsAreLeftOut() {
        assertThat(FailureText.of(new IOException(
                        "no route", new IOException("jdbc:postgresql://db/lake?user=me&Password=hush-hush&ssl=on"))))
                .contains("user=me", "ssl=on")
                .doesNotContain("hush");
    }
}
