/**
 * From a record's bytes to a {@link io.firn.ingest.record.Row}. In: JSON. Out: a row filled whole and checked, or a
 * {@link io.firn.ingest.record.BadRecordException}. Start at {@link io.firn.ingest.decode.JsonRowDecoder}; the tree of
 * {@link io.firn.ingest.decode.ValueDecoder} mirrors the table's schema and is made by
 * {@link io.firn.ingest.decode.DecoderTree}.
 */
@NullMarked
package io.firn.ingest.decode;

import org.jspecify.annotations.NullMarked;
