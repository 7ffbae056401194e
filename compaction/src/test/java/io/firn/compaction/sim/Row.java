package io.firn.compaction.sim;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A row of one of the tables.
 *
 * @param id of the record; null where the row does not say
 * @param timestamp the record's own in staging, the order timestamp elsewhere; seconds
 */
record Row(
        String file,
        long position,
        String key,
        @Nullable Long id,
        String topic,
        String topicId,
        int partition,
        long offset,
        long timestamp,
        Optional<Long> version) {}
