package io.firn.ingest.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.schema.SchemaText;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class QuotedKeysTest {
    private static JsonRowDecoder decoder(String schema, Tombstones.KeyFormat format) {
        return new JsonRowDecoder(
                new Row(RowLayout.of(SchemaText.parse(schema))),
                DecodeSettings.defaults().withTombstones(new Tombstones(List.of("id"), format, Set.of())));
    }

    private static void delete(JsonRowDecoder decoder, String key) {
        decoder.decodeTombstone(ByteBuffer.wrap(key.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void jsonStringAsATextKeyIsNoticed() {
        JsonRowDecoder decoder = decoder("id string not null", Tombstones.KeyFormat.TEXT);
        delete(decoder, "o-1");
        delete(decoder, "\"");
        assertThat(decoder.sawQuotedKey()).isFalse();
        delete(decoder, "\"o-1\"");
        assertThat(decoder.sawQuotedKey()).isTrue();
    }

    @Test
    void jsonStringAsAJsonKeyIsAsItShouldBe() {
        JsonRowDecoder decoder = decoder("id string not null", Tombstones.KeyFormat.JSON);
        delete(decoder, "\"o-1\"");
        assertThat(decoder.sawQuotedKey()).isFalse();
    }
}
