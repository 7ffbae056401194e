package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.deploy.rig.Lake;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Objects;
import java.util.SplittableRandom;
import org.apache.iceberg.catalog.Catalog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings that decide what a keyed table's rows are cannot be changed under them. */
final class ChangedSettingsTest {
    @TempDir
    private Path folder;

    private Catalog catalog;

    @BeforeEach
    void open() throws IOException {
        Files.createDirectories(folder.resolve("warehouse"));
        catalog = Catalogs.open(Lake.sqlite(folder));
    }

    @AfterEach
    void close() throws IOException {
        ((Closeable) catalog).close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name | delete-when: \"op = 'd'\" | delete-when: \"op = 'x'\"",
                "name | delete-when: \"op = 'd'\" | ",
                "name | | delete-when: \"op = 'd'\"",
                "name | key-format: text | key-format: json",
                "name | | key-format: json",
                "at | timestamp-unit: seconds | timestamp-unit: millis",
                "name | {order-by: at, timestamp-unit: seconds} | {order-by: at, timestamp-unit: millis}",
                "name | {delete-when: \"at < '2020-01-01T00:00:00Z'\", timestamp-unit: seconds}"
                        + " | {delete-when: \"at < '2020-01-01T00:00:00Z'\", timestamp-unit: millis}",
            })
    void settingThatDecidesWhatRowsThereAreIsRefusedIfItChanges(
            String key, @Nullable String before, @Nullable String after) throws IOException {
        open(key, before);
        assertThatThrownBy(() -> open(key, after))
                .hasMessageContaining("firn rebuild shop.orders")
                .isInstanceOfSatisfying(FirnException.class, refusal -> assertThat(refusal.code())
                        .isEqualTo("setting-changed"));
        open(key, before);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name | delete-when: \"op = 'd'\" | delete-when: \"(`op`='d')\"",
                "name | | key-format: text",
                "count | key-format: text | key-format: json",
                "name | timestamp-unit: seconds | timestamp-unit: millis",
                "at | | timestamp-unit: millis",
                "name | on-unknown-field: ignore | on-unknown-field: stop",
            })
    void settingThatDecidesNothingOfTheRowsMayChange(String key, @Nullable String before, @Nullable String after)
            throws IOException {
        open(key, before);
        assertThat(open(key, after).keyed().name()).endsWith("shop.orders");
    }

    @Test
    void tableOfAnOlderFirnRecordsTheSettingsAtTheNextStart() throws IOException {
        UpsertTables tables = open("name", "delete-when: \"op = 'd'\"");
        tables.keyed()
                .updateProperties()
                .remove("firn.delete-when")
                .remove("firn.key-format")
                .commit();

        UpsertTables again = open("name", "delete-when: \"op = 'x'\"");

        assertThat(again.keyed().properties())
                .containsEntry("firn.delete-when", "op = 'x'")
                .containsEntry("firn.key-format", "text");
        assertThatThrownBy(() -> open("name", "delete-when: \"op = 'd'\"")).hasMessageContaining("'op = 'x''");
    }

    /** As a start does, and every merge. */
    private UpsertTables open(String key, @Nullable String settings) throws IOException {
        String more = settings == null ? "" : settings.replaceAll("^\\{|\\}$", "");
        Path file = Files.writeString(
                folder.resolve("firn.yaml"),
                "kafka: {bootstrap.servers: '127.0.0.1:1'}\ncatalog: {type: hadoop, warehouse: /nowhere}\n"
                        + "pipelines:\n  orders: {topics: [orders], table: shop.orders, mode: upsert, key: [" + key
                        + "], schema: \"name string not null, count long not null, at timestamptz not null,"
                        + " op string\"" + (more.isEmpty() ? "" : ", " + more) + "}\n");
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        Tables tables = new Tables(catalog);
        return UpsertParts.of(
                        Objects.requireNonNull(
                                assembly.configuration(file).pipelines().get("orders")),
                        tables)
                .orElseThrow()
                .open(tables);
    }
}
