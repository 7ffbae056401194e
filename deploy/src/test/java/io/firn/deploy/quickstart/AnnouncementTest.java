package io.firn.deploy.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.config.ConfigFile;
import io.firn.deploy.config.HttpConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnnouncementTest {
    @TempDir
    private Path folder;

    @Test
    void addressOfThePageIsSaidFirst() {
        assertThat(Quickstart.announcement("127.0.0.1:8383")).contains("page", "http://127.0.0.1:8383");
        assertThat(Quickstart.announcement("127.0.0.1:0")).contains("Port 8383 is in use", "another port");
    }

    @Test
    void guideBeginsWithThePage() throws IOException {
        StringWriter out = new StringWriter();
        guide().print(Path.of("/q/firn.yaml"), "http://127.0.0.1:9", new PrintWriter(out, true));
        assertThat(out.toString().lines().filter(line -> line.startsWith("  ")).findFirst())
                .hasValueSatisfying(line -> assertThat(line).contains("page", "http://127.0.0.1:9"));
        assertThat(out.toString())
                .contains("oauth2.token=${ENV:", "load_catalog(", "curl -H \"Authorization: Bearer $(cat ")
                .doesNotContain("writer-of-the-guide", "operator-of-the-guide");
    }

    @Test
    void everythingThatAQuickstartKeepsIsItsUsersAlone() throws IOException {
        Path quickstart = Files.createDirectory(
                folder.resolve("q"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        try (Folder opened = Folder.open(quickstart, 1)) {
            Secrets first = Secrets.in(opened);
            opened.write("firn.yaml", "a: b");
            assertThat(permissions(quickstart)).isEqualTo("rwx------");
            for (String directory : List.of("warehouse", "kafka")) {
                assertThat(permissions(quickstart.resolve(directory))).isEqualTo("rwx------");
            }
            for (String file : List.of("operator.token", "writer.token", "firn.yaml", "catalog.db")) {
                assertThat(permissions(quickstart.resolve(file))).as(file).isEqualTo("rw-------");
            }
            String token = Files.readString(first.writer());
            assertThat(token).hasSize(48).isNotEqualTo(Files.readString(first.operator()));
            assertThat(Files.readString(Secrets.in(opened).writer()))
                    .as("of a second run")
                    .isEqualTo(token);
        }
    }

    @Test
    void configurationOfTheQuickstartIsOneThatFirnReads() throws IOException {
        Path file = Files.writeString(folder.resolve("firn.yaml"), guide().configuration("127.0.0.1:0"));
        HttpConfig http = new ConfigFile(name -> null).read(file).http();
        assertThat(http.icebergRest()).isTrue();
        assertThat(http.tokens().writers()).containsEntry("engine", "writer-of-the-guide");
        assertThat(http.tokens().operators()).containsValue("operator-of-the-guide");
    }

    private Guide guide() throws IOException {
        return new Guide(
                folder,
                "b:1",
                new Secrets(
                        Files.writeString(folder.resolve("operator.token"), "operator-of-the-guide"),
                        Files.writeString(folder.resolve("writer.token"), "writer-of-the-guide")));
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
