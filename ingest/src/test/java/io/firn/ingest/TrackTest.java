package io.firn.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class TrackTest {
    private final Track track = new Track(
            new SourcePartition("orders", "id", 0), new Counters().of(new SourcePartition("orders", "id", 0)), 0, 0);

    @Test
    void recordsWithoutTimestampsSayNothingAboutTheTime() {
        track.row(0, RecordConsumer.NO_TIMESTAMP);
        assertThat(track.seal(1, null).until()).isEqualTo(OptionalLong.empty());
        track.row(1, 7_000);
        track.row(2, RecordConsumer.NO_TIMESTAMP);
        assertThat(track.seal(3, null).until()).isEqualTo(OptionalLong.of(7_000));
    }
}
