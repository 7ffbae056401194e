package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.status.Status;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.deploy.output.Secrets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.MDC;

/** The service's own logging configuration, in a context of its own. */
class LogFormatTest {
    @Test
    void a_line_for_collectors_is_json_with_the_pipeline_as_a_field() throws Exception {
        JsonNode line = new ObjectMapper().readTree(line("json"));
        assertThat(line.path("level").asText()).isEqualTo("WARN");
        assertThat(line.path("formattedMessage").asText()).isEqualTo("the store \"s3\" is away");
        assertThat(line.path("mdc").path("pipeline").asText()).isEqualTo("orders");
        assertThat(line.path("threadName").asText()).isNotEmpty();
    }

    @Test
    void a_line_for_people_is_text() throws Exception {
        assertThat(line("text"))
                .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} WARN  LogFormatTest - the store \"s3\" is away\\R");
    }

    @Test
    void logback_has_nothing_to_say_about_the_configuration_itself_but_of_a_format_that_is_none() throws Exception {
        for (String format : List.of("text", "json")) {
            assertThat(warnings(format)).as(format).isEmpty();
        }
        assertThat(warnings("xml")).anyMatch(warning -> warning.contains("log-xml.xml"));
    }

    @Test
    void libraryThatRepeatsItselfIsHeardOnceAndWithoutStackTraces() throws Exception {
        LoggerContext context = configured("text");
        Logger library = context.getLogger("org.apache.iceberg.util.Tasks");
        Logger own = context.getLogger(LogFormatTest.class);
        String text = captured(() -> {
            for (int attempt = 0; attempt < 1000; attempt++) {
                library.warn("Retrying task after failure {}", attempt, new IOException("connection refused"));
            }
            library.warn("something else, created by:\n\tat Tasks.java");
            own.error("unexpected", new IllegalStateException("a fault of Firn"));
        });
        context.stop();
        assertThat(text.lines().filter(line -> line.contains("Retrying task")))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("connection refused"));
        assertThat(text)
                .contains("something else")
                .doesNotContain("Tasks.java")
                .contains("\tat io.firn.deploy.LogFormat");
    }

    /** A value of a record or the name of a property is anybody's text. */
    @Test
    void whatOthersSentBeginsNoLineOfItsOwn() throws Exception {
        for (String format : List.of("text", "json")) {
            LoggerContext context = configured(format);
            String text = captured(() -> {
                Logger logger = context.getLogger(LogFormatTest.class);
                logger.warn("refused: {}", "a\n00:00:00.000 ERROR Forged - by a\r\u001b[2K record");
                logger.error(
                        "failed",
                        new IllegalStateException(
                                "a\n00:00:00.000 ERROR Forged - by b", new IOException("c\n\tat io.firn.Forged")));
            });
            context.stop();
            assertThat(text.lines())
                    .as(text)
                    .noneMatch(line -> line.matches("(00:00:00.000 ERROR|\\s*at io.firn.F).*"));
            assertThat(text).contains("ERROR Forged - by a", "Forged - by b").doesNotContain("\r", "\u001b");
        }
    }

    @Test
    void noLineShowsASecretWhoeverLoggedIt() throws Exception {
        for (String format : List.of("text", "json")) {
            LoggerContext context = configured(format);
            Secrets secrets = new Secrets();
            secrets.add("hidden \"value\"");
            secrets.maskIn(context);
            String text = captured(() -> context.getLogger("org.apache.kafka.clients.Any")
                    .warn("connecting to hidden \"value\"", new IOException("no hidden \"value\"")));
            context.stop();
            assertThat(text).contains("connecting to ***1", "no ***1").doesNotContain("hidden");
        }
    }

    @Test
    void kafkaClientWithoutMemoryEndsTheProcess() {
        AtomicInteger ended = new AtomicInteger();
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(MDC.getMDCAdapter());
        context.addTurboFilter(new OutOfMemoryExit(ended::incrementAndGet));
        Logger kafka = context.getLogger("org.apache.kafka.clients.consumer.internals.ConsumerNetworkThread");
        kafka.error("Unexpected error caught in consumer network thread", new IllegalStateException("other"));
        context.getLogger("org.eclipse.jetty").warn("a request", new OutOfMemoryError("Java heap space"));
        assertThat(ended).hasValue(0);
        kafka.error("Unexpected error caught in consumer network thread", new OutOfMemoryError("Java heap space"));
        assertThat(ended).hasValue(1);
        context.stop();
    }

    private static String captured(Runnable work) {
        PrintStream before = System.err;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try {
            work.run();
        } finally {
            System.setErr(before);
        }
        return captured.toString(StandardCharsets.UTF_8);
    }

    private static List<String> warnings(String format) throws Exception {
        LoggerContext context = configured(format);
        context.stop();
        return context.getStatusManager().getCopyOfStatusList().stream()
                .filter(status -> status.getLevel() > Status.INFO)
                .map(Status::getMessage)
                .collect(Collectors.toList());
    }

    private static LoggerContext configured(String format) throws Exception {
        URL file = Path.of("src/main/resources/logback.xml").toUri().toURL();
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(MDC.getMDCAdapter());
        context.putProperty("FIRN_LOG", format);
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(file);
        return context;
    }

    private static String line(String format) throws Exception {
        LoggerContext context = configured(format);
        Logger logger = context.getLogger(LogFormatTest.class);
        PrintStream before = System.err;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try (MDC.MDCCloseable pipeline = MDC.putCloseable("pipeline", "orders")) {
            logger.warn("the store \"{}\" is away", "s3");
        } finally {
            System.setErr(before);
            context.stop();
        }
        return captured.toString(StandardCharsets.UTF_8);
    }
}
