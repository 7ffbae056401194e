@NullMarked
package io.firn.compaction.orphan;

import org.jspecify.annotations.NullMarked;
