package io.firn.catalog.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.firn.catalog.FirnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeCodecsTest {
    @TempDir
    private Path folder;

    @Test
    void theyAreThereAndMayBeAskedForAgain() {
        NativeCodecs.load();
        assertThatCode(NativeCodecs::load).doesNotThrowAnyException();
    }

    @Test
    void aFolderThatTakesNoLibraryIsNamedWithWhatToDo() throws IOException, InterruptedException {
        Path missing = folder.resolve("missing");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.io.tmpdir=" + missing,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Loading.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(said).contains("codec-unavailable", "zstd", missing.toString(), "-Djava.io.tmpdir");
    }

    /** A process that does nothing else. */
    static final class Loading {
        private Loading() {}

        public static void main(String[] arguments) {
            try {
                NativeCodecs.load();
            } catch (FirnException failed) {
                System.out.println(failed.code() + " " + failed.getMessage());
                System.exit(1);
            }
        }
    }
}
