@NullMarked
package io.firn.compaction.bench;

import org.jspecify.annotations.NullMarked;
