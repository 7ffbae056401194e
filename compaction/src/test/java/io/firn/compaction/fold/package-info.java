@NullMarked
package io.firn.compaction.fold;

import org.jspecify.annotations.NullMarked;
