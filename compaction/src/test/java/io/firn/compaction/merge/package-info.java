@NullMarked
package io.firn.compaction.merge;

import org.jspecify.annotations.NullMarked;
