@NullMarked
package io.firn.compaction;

import org.jspecify.annotations.NullMarked;
