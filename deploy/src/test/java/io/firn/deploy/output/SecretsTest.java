package io.firn.deploy.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretsTest {
    private final Secrets secrets = new Secrets();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hunter22 | password hunter22 is wrong | password ***1 is wrong",
                "hunter22 | HUNTER22 | ***1",
                "broker-a:9092,broker-b:9092 | no host broker-b:9092 | no host ***1",
                "x required username=\"alice1\" password=\"s3cret;,\"; | the password s3cret;, | the password ***1",
                "jdbc:postgresql://alice:t0psecret@db/x | t0psecret was refused | ***1 was refused",
                "jdbc:postgresql://db/x?user=a&password=t0psecret | t0psecret was refused | ***1 was refused",
                "with space/slash | get /with+space%2Fslash | get /***1",
                "a\"quote\\d | {\"what\": \"a\\\"quote\\\\d\"} | {\"what\": \"***1\"}",
                "x required password=\"s3cret;,\"; | it is required | it is required",
                "1 | 1 of 11 | 1 of 11",
                "true | it is true | it is true",
            })
    void eachSpellingOfAValueIsMasked(String value, String text, String masked) {
        secrets.add(value);
        assertThat(secrets.mask(text)).isEqualTo(masked);
    }

    @Test
    void valuesStayApart() {
        secrets.add("topic-of-one");
        secrets.add("topic-of-two");
        assertThat(secrets.mask("topic-of-two, topic-of-one")).isEqualTo("***2, ***1");
    }

    @Test
    void linesOfAValueAreMaskedOneByOne() {
        secrets.add("first line\nsecond line\n");
        assertThat(secrets.mask("at second line")).isEqualTo("at ***1");
    }

    @Test
    void namesOfFieldsOfJsonStay() {
        secrets.add("pipeline");
        assertThat(secrets.maskJson("{\"pipeline\": \"pipeline\", \"of\": \"a pipeline\"}"))
                .isEqualTo("{\"pipeline\": \"***1\", \"of\": \"a ***1\"}");
    }

    @Test
    void whatACommandPrintsIsMaskedInWhateverPiecesItComes() {
        secrets.add("hunter22");
        StringWriter printed = new StringWriter();
        PrintWriter out = SafeWriter.to(new PrintWriter(printed, true), secrets);
        out.print("pass");
        out.print(": hun");
        out.println("ter22");
        out.printf("%s%s%n", "hunt", "er22");
        out.print("hunter22");
        out.flush();
        assertThat(printed.toString()).isEqualTo(String.format("pass: ***1%n***1%n***1"));
    }

    @Test
    void whatACommandPrintsMovesNoCursor() {
        StringWriter printed = new StringWriter();
        PrintWriter out = SafeWriter.to(new PrintWriter(printed, true), secrets);
        out.print("a\u001b[2Kb\rc\td\u202ee\u2028f\n");
        out.flush();
        assertThat(printed.toString()).isEqualTo("a\\u001b[2Kb\\rc\td\\u202ee\\u2028f\n");
    }

    @Test
    void aLineOfTheLogIsOneLine() {
        assertThat(VisibleText.line("one\n12:00 ERROR forged\r\u0085\u2029ö"))
                .isEqualTo("one\\n12:00 ERROR forged\\r\\u0085\\u2029ö");
    }
}
