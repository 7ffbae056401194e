@NullMarked
package io.firn.compaction.parquet;

import org.jspecify.annotations.NullMarked;
