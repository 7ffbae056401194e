@NullMarked
package io.firn.compaction.expire;

import org.jspecify.annotations.NullMarked;
