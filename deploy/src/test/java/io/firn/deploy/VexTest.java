package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What vex.json says of components that are shaded in other jars. */
class VexTest {
    private static final Path VEX = Path.of("..", "vex.json");

    private static JsonNode vex() throws IOException {
        return new ObjectMapper().readTree(VEX.toFile());
    }

    @Test
    void listsExactlyWhatIsInTheJarsOfTheClassPath() throws IOException {
        Set<String> owners = new TreeSet<>();
        for (JsonNode owner : vex().path("components")) {
            String name = owner.path("name").asText();
            owners.add(name);
            Set<String> listed = new TreeSet<>();
            owner.path("components")
                    .forEach(shaded -> listed.add(coordinates(
                            shaded.path("group").asText(),
                            shaded.path("name").asText(),
                            shaded.path("version").asText())));
            assertThat(listed)
                    .as(name)
                    .isEqualTo(shadedIn(name, name + "-" + owner.path("version").asText() + ".jar"));
        }
        assertThat(owners).containsExactly("hadoop-client-runtime", "parquet-jackson");
    }

    @Test
    void everyStatementHasASourceAReasonAndComponentsOfTheList() throws IOException {
        Set<String> references = new TreeSet<>();
        vex().path("components").forEach(owner -> owner.path("components")
                .forEach(shaded -> references.add(shaded.path("bom-ref").asText())));
        assertThat(vex().path("vulnerabilities")).isNotEmpty();
        for (JsonNode statement : vex().path("vulnerabilities")) {
            String id = statement.path("id").asText();
            assertThat(id).matches("CVE-\\d{4}-\\d+");
            assertThat(statement.at("/source/url").asText()).as(id).startsWith("https://");
            assertThat(statement.at("/analysis/state").asText()).as(id).isEqualTo("not_affected");
            assertThat(statement.at("/analysis/justification").asText()).as(id).isEqualTo("code_not_reachable");
            assertThat(statement.at("/analysis/detail").asText()).as(id).isNotBlank();
            assertThat(statement.path("affects")).as(id).isNotEmpty();
            statement.path("affects").forEach(each -> assertThat(references)
                    .contains(each.path("ref").asText()));
        }
    }

    private static String coordinates(String group, String name, String version) {
        return group + ":" + name + ":" + version;
    }

    private static Set<String> shadedIn(String owner, String fileName) throws IOException {
        String path = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(each -> Path.of(each).endsWith(fileName))
                .findFirst()
                .orElseThrow(() -> new AssertionError(fileName + " is not on the class path: vex.json is of another"));
        Set<String> found = new TreeSet<>();
        try (JarFile jar = new JarFile(path)) {
            for (JarEntry entry : jar.stream().toList()) {
                if (entry.getName().matches("META-INF/maven/.*/pom\\.properties")) {
                    Properties maven = new Properties();
                    try (InputStream in = jar.getInputStream(entry)) {
                        maven.load(in);
                    }
                    if (!maven.getProperty("artifactId").equals(owner)) {
                        found.add(coordinates(
                                maven.getProperty("groupId"),
                                maven.getProperty("artifactId"),
                                maven.getProperty("version")));
                    }
                }
            }
        }
        return found;
    }
}
