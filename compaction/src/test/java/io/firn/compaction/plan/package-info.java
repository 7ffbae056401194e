@NullMarked
package io.firn.compaction.plan;

import org.jspecify.annotations.NullMarked;
