package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceNameTest {
    @TempDir
    Path directory;

    private InstanceName take(String wanted) {
        return InstanceName.take(Optional.of(wanted), directory);
    }

    @Test
    void processes_of_one_machine_have_names_of_their_own_and_get_them_back() {
        try (InstanceName second = taken("lake", "lake_2");
                InstanceName other = take("pond")) {
            assertThat(second.name()).contains("lake_2");
            assertThat(other.name()).contains("pond");
            try (InstanceName again = take("lake")) {
                assertThat(again.name()).as("the first has ended").contains("lake");
            }
        }
    }

    /** Of two, the first of which ends. */
    private InstanceName taken(String first, String second) {
        try (InstanceName ends = take("lake")) {
            assertThat(ends.name()).contains(first);
            InstanceName stays = take("lake");
            assertThat(stays.name()).contains(second);
            return stays;
        }
    }

    @Test
    void a_file_that_cannot_be_opened_is_somebody_elses() throws IOException {
        Files.createDirectory(directory.resolve("firn-instance-lake.lock"));
        try (InstanceName name = take("lake")) {
            assertThat(name.name()).contains("lake_2");
        }
    }

    @Test
    void what_kafka_takes_for_no_name_is_replaced() {
        try (InstanceName name = take("lake/house é")) {
            assertThat(name.name()).contains("lake-house--");
        }
    }

    /** Kafka takes at most 249 characters with the number of the worker. */
    @Test
    void nameThatIsTooLongIsShortened() {
        try (InstanceName name = take("h".repeat(253));
                InstanceName second = take("h".repeat(253))) {
            assertThat(name.name()).contains("h".repeat(200));
            assertThat(second.name()).contains("h".repeat(200) + "_2");
        }
    }

    @Test
    void no_name_and_no_place_for_locks_mean_none() {
        try (InstanceName unknown = InstanceName.take(Optional.empty(), directory);
                InstanceName nowhere = InstanceName.take(Optional.of("lake"), directory.resolve("missing"))) {
            assertThat(unknown.name()).isEmpty();
            assertThat(nowhere.name()).isEmpty();
        }
    }
}
