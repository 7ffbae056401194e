@NullMarked
package io.firn.compaction.manifest;

import org.jspecify.annotations.NullMarked;
