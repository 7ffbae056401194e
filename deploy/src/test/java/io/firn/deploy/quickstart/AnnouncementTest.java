package io.firn.deploy.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AnnouncementTest {
    @Test
    void addressOfThePageIsSaidFirst() {
        assertThat(Quickstart.announcement("127.0.0.1:8383")).contains("page", "http://127.0.0.1:8383");
        assertThat(Quickstart.announcement("127.0.0.1:0")).contains("Port 8383 is in use", "another port");
    }

    @Test
    void guideBeginsWithThePage() {
        StringWriter out = new StringWriter();
        Guide.print(Path.of("/q"), Path.of("/q/firn.yaml"), "b:1", "http://127.0.0.1:9", new PrintWriter(out, true));
        assertThat(out.toString().lines().filter(line -> line.startsWith("  ")).findFirst())
                .hasValueSatisfying(line -> assertThat(line).contains("page", "http://127.0.0.1:9"));
    }
}
