package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.inmemory.InMemoryFileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StoreWriteProbeTest {
    private static final String LOCATION = "s3://bucket/shop/orders";

    @Test
    void fileIsWrittenReadAndDeleted() {
        Guarded store = new Guarded("");
        assertThat(StoreWriteProbe.run(store, LOCATION + "/", Map.of())).isEqualTo(LOCATION);
        assertThat(store.done).hasSize(3);
        assertThat(store.done.get(0)).matches("write " + LOCATION + "/firn-check-[0-9a-f-]{36}");
        assertThat(store.done.get(2)).isEqualTo(store.done.get(0).replace("write", "delete"));
    }

    @ParameterizedTest
    @CsvSource({"write, written, s3:PutObject", "read, read, s3:GetObject", "delete, deleted, s3:DeleteObject"})
    void missingRightIsNamedAndTheFileIsRemoved(String denied, String done, String right) {
        Guarded store = new Guarded(denied);
        assertThatThrownBy(() -> StoreWriteProbe.run(store, LOCATION, Map.of()))
                .isInstanceOfSatisfying(FirnException.class, failure -> {
                    assertThat(failure.code()).isEqualTo("store-access-refused");
                    assertThat(failure.kind()).isEqualTo(FirnException.Kind.USER);
                    assertThat(failure.what()).startsWith("no file can be " + done + " in the store: ");
                    assertThat(failure.where()).startsWith(LOCATION + "/firn-check-");
                    assertThat(failure.action()).contains("below " + LOCATION, "missing on S3: " + right);
                });
        assertThat(store.done.get(store.done.size() - 1)).startsWith("delete ");
    }

    @Test
    void otherContentThanWasWrittenIsFound() {
        Guarded store = new Guarded("");
        store.onRead = file -> store.addFile(file, "else".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> StoreWriteProbe.run(store, LOCATION, Map.of()))
                .hasMessageContaining("no file can be read")
                .hasMessageContaining("something else than was written");
        assertThat(store.fileExists(Objects.requireNonNull(store.done.get(0)).replace("write ", "")))
                .isFalse();
    }

    @Test
    void warehouseOnADiskIsLeftAsItWas(@TempDir Path disk) throws Exception {
        Path warehouse = disk.resolve("not/there");
        for (String location : List.of(warehouse.toString(), "file:" + warehouse, "file://" + warehouse)) {
            assertThat(StoreWriteProbe.runInWarehouse(Map.of("type", "jdbc", "warehouse", location)))
                    .hasValueSatisfying(where -> assertThat(where).endsWith(disk.toString()));
        }
        try (Stream<Path> left = Files.list(disk)) {
            assertThat(left).isEmpty();
        }
        assertThat(StoreWriteProbe.runInWarehouse(Map.of("type", "rest", "warehouse", "lake")))
                .as("the catalog decides")
                .isEmpty();
    }

    /** A store that denies one of three things, and writes down what was tried. */
    private static final class Guarded extends InMemoryFileIO {
        private final String denied;
        private final List<String> done = new ArrayList<>();
        private Consumer<String> onRead = file -> {};

        Guarded(String denied) {
            this.denied = denied;
        }

        private void tried(String what, String file) {
            done.add(what + " " + file);
            if (what.equals(denied)) {
                throw new RuntimeIOException(new AccessDeniedException(file));
            }
        }

        @Override
        public OutputFile newOutputFile(String file) {
            tried("write", file);
            return super.newOutputFile(file);
        }

        @Override
        public InputFile newInputFile(String file) {
            onRead.accept(file);
            tried("read", file);
            return super.newInputFile(file);
        }

        @Override
        public void deleteFile(String file) {
            tried("delete", file);
            super.deleteFile(file);
        }
    }
}
