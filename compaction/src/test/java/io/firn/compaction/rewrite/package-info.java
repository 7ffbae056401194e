@NullMarked
package io.firn.compaction.rewrite;

import org.jspecify.annotations.NullMarked;
