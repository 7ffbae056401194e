package io.firn.compaction.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.schema.SchemaText;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.Function;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.transforms.Transforms;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;

final class KeyBucketsTest {
    private static final Schema SCHEMA = SchemaText.parse("at timestamptz, id string, number long, small int");

    private static PartitionSpec by(String column, int count) {
        return PartitionSpec.builderFor(SCHEMA).bucket(column, count).build();
    }

    @Test
    void theyAreTheOnesOfIcebergsTransform() {
        Random random = new Random(1);
        KeyBuckets texts = KeyBuckets.of(by("id", 16), SCHEMA).orElseThrow();
        KeyBuckets numbers = KeyBuckets.of(by("number", 7), SCHEMA).orElseThrow();
        Function<CharSequence, Integer> ofText =
                Transforms.<CharSequence>bucket(16).bind(Types.StringType.get())::apply;
        Function<Long, Integer> ofNumber = Transforms.<Long>bucket(7).bind(Types.LongType.get())::apply;
        for (int i = 0; i < 1000; i++) {
            String text = random.ints(random.nextInt(40), 0x20, 0x2FFF)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            byte[] bytes = ("xx" + text).getBytes(StandardCharsets.UTF_8);
            assertThat(texts.of(bytes, 2, bytes.length - 2)).as(text).isEqualTo(ofText.apply(text));
            long number = random.nextLong() >> random.nextInt(64);
            assertThat(numbers.of(number)).isEqualTo(ofNumber.apply(number));
        }
        assertThat(texts.column()).isEqualTo(1);
    }

    @Test
    void otherPartitionsAndColumnsOfOtherTypesHaveNone() {
        assertThat(KeyBuckets.of(by("at", 16), SCHEMA)).isEmpty();
        assertThat(KeyBuckets.of(PartitionSpec.unpartitioned(), SCHEMA)).isEmpty();
        assertThat(KeyBuckets.of(PartitionSpec.builderFor(SCHEMA).identity("id").build(), SCHEMA))
                .isEmpty();
        assertThat(KeyBuckets.of(
                        PartitionSpec.builderFor(SCHEMA)
                                .bucket("id", 4)
                                .bucket("small", 4)
                                .build(),
                        SCHEMA))
                .isEmpty();
    }
}
