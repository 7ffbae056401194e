package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** An architecture page that names what is not there is worse than none. */
class DocumentedNamesTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern TYPE = Pattern.compile("`([A-Z][a-z][A-Za-z0-9]+)(?:\\.[a-z][A-Za-z0-9]*\\(\\))?`");

    @Test
    void every_type_that_the_architecture_page_names_exists() throws IOException {
        Set<String> named = new TreeSet<>();
        Matcher matcher = TYPE.matcher(Files.readString(ROOT.resolve("ARCHITECTURE.md")));
        while (matcher.find()) {
            named.add(matcher.group(1));
        }
        assertThat(named).hasSizeGreaterThan(10);
        named.removeAll(sourceTypes());
        assertThat(named)
                .as("types named in ARCHITECTURE.md without a source file")
                .isEmpty();
    }

    private static Set<String> sourceTypes() throws IOException {
        try (Stream<Path> files = Stream.of("catalog", "ingest", "compaction", "deploy")
                .map(ROOT::resolve)
                .flatMap(DocumentedNamesTest::sources)) {
            return files.map(path -> path.getFileName().toString().replace(".java", ""))
                    .collect(Collectors.toSet());
        }
    }

    private static Stream<Path> sources(Path module) {
        try {
            return Files.walk(module.resolve("src"))
                    .filter(path -> path.toString().endsWith(".java"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
